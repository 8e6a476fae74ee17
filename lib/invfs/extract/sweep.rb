# frozen_string_literal: true

require "fileutils"

module InVFS
  module Extract
    # Shrinks the cache to its limit, the least recently used entries first, and removes leftovers of dead processes.
    # Entries that a living process has handed out stay.
    #
    # Touches only files with names that the cache gives: somebody may have chosen a home directory as the cache.
    class Sweep
      ENTRY = /\A\h{64}(-[xd])?\z/
      TEMPORARY = /\A(\h{24})-\h{24}(\.old)?\z/
      private_constant :ENTRY, :TEMPORARY

      # The space that a file or directory takes besides its contents.
      OVERHEAD = 4096
      private_constant :OVERHEAD

      class << self
        # Yields while it holds the lock. Returns false and does nothing if it should not wait and the lock is taken.
        def lock(cache, how)
          File.open("#{cache}/lock", File::RDWR | File::CREAT | File::NOFOLLOW, 0o600) do |file|
            file.flock(how) && yield
          end
        end

        # The file whose time records when the cache was swept.
        def stamp(cache) = "#{cache}/swept"

        # @return [Integer] the bytes that a file, or a directory with all its contents, takes
        def size(path)
          stat = File.lstat(path)
          below = stat.directory? ? Dir.children(path).sum { |name| size("#{path}/#{name}") } : stat.size
          below + OVERHEAD
        end
      end

      def initialize(cache, limit)
        @cache = cache
        @limit = limit
      end

      # @return [Boolean] false if it did nothing because others use the cache
      def run
        self.class.lock(@cache, File::LOCK_EX | File::LOCK_NB) do
          used, leases = Lease.living(@cache)
          remove_temporaries(leases)
          evict(used)
          FileUtils.touch(self.class.stamp(@cache))
          true
        end
      end

      private

      def remove_temporaries(leases)
        Dir.children("#{@cache}/tmp").each do |name|
          owner = name[TEMPORARY, 1]
          remove("tmp/#{name}") if owner && !leases.include?(owner)
        end
      rescue Errno::ENOENT
        # Nothing was ever written.
      end

      def evict(used)
        entries = Dir.children(@cache).grep(ENTRY)
        sizes = entries.to_h { |name| [name, self.class.size("#{@cache}/#{name}")] }
        total = sizes.values.sum
        (entries - used).sort_by { |name| File.lstat("#{@cache}/#{name}").mtime }.each do |name|
          break if total <= @limit

          remove(name)
          total -= sizes[name]
        end
      end

      def remove(name) = FileUtils.rm_r("#{@cache}/#{name}")
    end
  end
end
