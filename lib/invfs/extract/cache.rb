# frozen_string_literal: true

module InVFS
  module Extract
    # A {Store} that outlives the process and is shared with others: it is bounded, and cleans itself.
    #
    # Besides the entries there are `leases` (who uses what), `tmp` (what is not finished), `lock` and `swept`. Whoever
    # takes something out holds the lock together with others, whoever sweeps holds it alone.
    class Cache < Store
      DAY = 86_400

      # Sweeping counts everything that is there, so it waits until this part of the limit was added.
      PART = 8
      private_constant :DAY, :PART

      # @param limit [Integer] in bytes
      def initialize(directory, limit)
        super(directory)
        @limit = limit
        @mutex = Mutex.new
        @added = 0
        # A file system without locks is found out now.
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
          # What was used last is what goes last.
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

      # Where others are at work this is left to them, or to the next time.
      def sweep
        @due, @added = false, 0 if Sweep.new(@directory, @limit).run
      rescue SystemCallError => e
        # Somebody removes the cache, perhaps; what was extracted is there nevertheless.
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
