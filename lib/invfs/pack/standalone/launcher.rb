# frozen_string_literal: true

require "rbconfig"

module InVFS
  class Pack
    # The executable that stands at the beginning of a packed program.
    module Launcher
      # Where `rake launcher` and the platform gem have it. It serves every minor version of Ruby.
      PATH = File.expand_path("../../invfs-launcher", __dir__)

      class << self
        # @raise [InVFS::PackError] if there is none
        def path
          unless here?
            raise PackError, "--standalone works on Linux with glibc, on x86-64 and AArch64, and not on " \
                             "#{RUBY_PLATFORM}; --shebang makes a file that starts where Ruby and invfs are installed"
          end
          return PATH if File.file?(PATH)

          raise PackError, "--standalone needs the launcher, which is not there (#{PATH}): the gem for this platform " \
                           "has it; in a checkout, `rake launcher` builds it"
        end

        private

        def here?
          config = RbConfig::CONFIG
          # docs/packing.md says what musl would take.
          return false if config["host_os"].include?("musl")

          config["target_os"].start_with?("linux") && %w[x86_64 aarch64].include?(config["target_cpu"])
        end
      end
    end
    private_constant :Launcher
  end
end
