# frozen_string_literal: true

require "fileutils"
require "securerandom"

module InVFS
  module Extract
    # Records which entries of the cache a process has handed out: a file with their names, locked as long as the
    # process or one of its forks lives. So nobody needs to know whether a process number still means the same process.
    class Lease
      NAME = /\A\h{24}\z/

      # The directory with the leases of a cache.
      def self.directory(cache) = "#{cache}/leases"

      # The entries that living processes use, and the names of their leases. Removes all other leases. Call it only
      # while nobody can begin a lease.
      # @return [Array(Array<String>, Array<String>)]
      def self.living(cache)
        names = Dir.children(directory(cache)).grep(NAME)
        living = names.reject { |name| ended?("#{directory(cache)}/#{name}") }
        [living.flat_map { |name| File.readlines("#{directory(cache)}/#{name}", chomp: true) }.uniq, living]
      rescue Errno::ENOENT
        [[], []]
      end

      # Whether nobody holds the lease; if so, removes it.
      def self.ended?(path)
        File.open(path, File::RDWR | File::NOFOLLOW) do |file|
          return false unless file.flock(File::LOCK_EX | File::LOCK_NB)

          File.unlink(path)
        end
        true
      rescue Errno::ENOENT
        true
      end

      # @return [String] the name of this lease
      attr_reader :name

      # Begins a lease. Sweeping must be locked out meanwhile.
      # @raise [SystemCallError] also if files cannot be locked
      def initialize(cache)
        FileUtils.mkdir_p(self.class.directory(cache), mode: 0o700)
        @name = SecureRandom.hex(12)
        @path = "#{self.class.directory(cache)}/#{@name}"
        @file = File.open(@path, File::WRONLY | File::CREAT | File::EXCL | File::APPEND, 0o600)
        @file.sync = true
        @file.flock(File::LOCK_EX)
        @known = {}
        @owner = Process.pid
        at_exit { finish }
      end

      # Adds an entry.
      def add(entry)
        return if @known[entry]

        @file.write("#{entry}\n")
        @known[entry] = true
      end

      # Whether entries can still be added.
      def open? = !@file.closed?

      private

      # A forked child may still use the files: then its lock is still held, and the lease stays.
      def finish
        return if Process.pid != @owner || @file.closed?

        @file.close
        self.class.ended?(@path)
      rescue SystemCallError => e
        # The next sweep finds it.
        warn "invfs: #{e.message}" if $VERBOSE
      end
    end
  end
end
