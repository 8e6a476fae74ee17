# frozen_string_literal: true

require "fileutils"

module InVFS
  module CLI
    class Run
      # The directory that takes what a packed program writes.
      module Writable
        TEMPORARY = "temporary"

        class << self
          # @param wanted [String, nil] a directory, "temporary", or nil for the one of this user and program
          # @param name [String] the name of the program
          # @return [String] a directory whose parent exists
          def directory(wanted, name)
            return temporary if wanted == TEMPORARY

            directory = wanted ? File.expand_path(wanted) : usual(name)
            FileUtils.mkdir_p(directory, mode: 0o700)
            directory
          end

          private

          # Where the XDG Base Directory Specification puts what a program wants to find again.
          def usual(name)
            state = ENV.fetch("XDG_STATE_HOME", "")
            state = File.expand_path("~/.local/state") unless state.start_with?("/")
            File.join(state, "invfs", File.basename(name))
          rescue ArgumentError => e
            raise Error, "no directory for what the program writes (#{e.message}): --writable DIR names one"
          end

          # Handlers run in the opposite order, so this is removed after those of the program. A process that was forked
          # leaves it alone.
          def temporary
            require "tmpdir"
            directory = Dir.mktmpdir("invfs")
            process = Process.pid
            at_exit { FileUtils.rm_rf(directory) if Process.pid == process }
            directory
          end
        end
      end
    end
  end
end
