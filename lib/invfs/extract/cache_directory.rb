# frozen_string_literal: true

require "fileutils"

module InVFS
  module Extract
    # Finds, makes and checks the directory of the cache.
    #
    # Programs from the cache run with this user's rights. So nobody else may be able to write there: neither in the
    # directory nor in one above it, where the whole directory could be exchanged.
    module CacheDirectory
      # Somebody else can write to the directory.
      class Unsafe < StandardError
      end

      OTHERS_WRITE = 0o022
      STICKY = 0o1000
      private_constant :OTHERS_WRITE, :STICKY

      class << self
        # @param asked [String, nil] an absolute path; nil: the one from the environment
        # @return [String] the real path of a directory that only this user can write
        # @raise [SystemCallError] if it cannot be made
        # @raise [Unsafe]
        def open(asked)
          path = asked || usual
          check_all_above(path)
          FileUtils.mkdir_p(File.dirname(path), mode: 0o700)
          make(path)
          # realpath would follow a link here, so it is checked before.
          check(path, File.lstat(path))
          File.realpath(path).tap { |real| check_all_above(real) }
        end

        private

        def usual
          explicit = ENV.fetch("INVFS_CACHE", "")
          return File.expand_path(explicit) unless explicit.empty?

          # The standard says to ignore a relative path.
          base = ENV.fetch("XDG_CACHE_HOME", "")
          base = "#{Dir.home}/.cache" unless base.start_with?("/")
          "#{base}/invfs"
        rescue ArgumentError => e
          # There is no home directory.
          raise Unsafe, e.message
        end

        def make(path)
          Dir.mkdir(path, 0o700)
        rescue Errno::EEXIST
          # It existed, or another process has just made it; it is checked next.
        end

        def check(path, stat)
          raise Unsafe, "#{path} is no directory" unless stat.directory?
          raise Unsafe, "#{path} belongs to user #{stat.uid}" unless stat.uid == Process.euid
          raise Unsafe, "#{path} can be written by others" if stat.mode.anybits?(OTHERS_WRITE)
        end

        # Every existing directory, from the root to the one in which the next is made.
        def check_all_above(path)
          path = File.dirname(path) until File.exist?(File.dirname(path))
          path = "#{File.realpath(File.dirname(path))}/new"
          until (parent = File.dirname(path)) == path
            check_above(parent, File.stat(parent))
            path = parent
          end
        end

        # In a directory with the sticky bit others can write, but cannot touch files that are not theirs.
        def check_above(path, stat)
          raise Unsafe, "#{path} belongs to user #{stat.uid}" unless [0, Process.euid].include?(stat.uid)
          return unless stat.mode.anybits?(OTHERS_WRITE) && stat.mode.nobits?(STICKY)

          raise Unsafe, "#{path} can be written by others"
        end
      end
    end
  end
end
