# frozen_string_literal: true

module InVFS
  module Extract
    # A {Store} that outlives the process and is shared with others. It is bounded and cleans itself.
    #
    # Next to the entries it has `leases` (which process uses what), `tmp` (unfinished work), `lock` and `swept`. Taking
    # something out needs a shared lock, sweeping an exclusive one.
    class Cache < Store
      DAY = 86_400

      # Sweeping measures everything, so it waits until this share of the limit has been added.
      PART = 8
      private_constant :DAY, :PART

      # @param limit [Integer] in bytes
      def initialize(directory, limit)
        super(directory)
        @limit = limit
        @mutex = Mutex.new
        @added = 0
        # Detects a file system without locks now.
        locked { lease }
        @due = due?
      end

      def file(name, contents, executable:)
        sweeping { super }
      end

      def tree(name, tree)
        sweeping { super }
      end

      private

      def provide(entry, name, good)
        locked do
          lease.add(entry)
          path = super
          # The most recently used entry is removed last.
          File.utime(nil, nil, File.dirname(path))
          path
        end
      end

      def put(fresh, *)
        size = Sweep.size(fresh)
        super
        @mutex.synchronize { @added += size }
      end

      def temporary_name = "#{lease.name}-#{super}"

      def lease
        @mutex.synchronize { @lease&.open? ? @lease : (@lease = Lease.new(@directory)) }
      end

      def locked(&block) = Sweep.lock(@directory, File::LOCK_SH, &block)

      def sweeping
        path = yield
        sweep if @due || @added > @limit / PART
        path
      end

      # If others are at work, leaves this to them or to the next time.
      def sweep
        @due, @added = false, 0 if Sweep.new(@directory, @limit).run
      rescue SystemCallError => e
        # Somebody may be removing the cache; the extracted files are there nevertheless.
        warn "invfs: the cache is not swept: #{e.message}" if $VERBOSE
      end

      def due?
        Time.now - File.mtime(Sweep.stamp(@directory)) > DAY
      rescue Errno::ENOENT
        true
      end
    end
  end
end
