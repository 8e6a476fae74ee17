# frozen_string_literal: true

module InVFS
  module Children
    # The variables of the environment that tell children of mounts.
    module Variables
      # A line that says for which Ruby the native library is, and one for each mount.
      MOUNTS = "INVFS_MOUNTS"
      # The working directory, where it is in a mount. The native library sets it for a child, and nobody else.
      DIRECTORY = "INVFS_CWD"
      START = File.expand_path("start.rb", __dir__)
      private_constant :START

      class << self
        # Sets the variables.
        # @param descriptions [Array<String>]
        # @raise [ArgumentError] if children could not load invfs
        def set(descriptions)
          return clear if descriptions.empty?

          ENV[MOUNTS] = ["#{RUBY_VERSION[/\A\d+\.\d+/]} #{RUBY_PLATFORM}", *descriptions].join("\n")
          # First, because what others require may lie in a mount.
          ENV["RUBYOPT"] = [option, *others].join(" ")
        end

        # @return [Array<String>] what {set} was given, here or in the parent process
        def descriptions = ENV.fetch(MOUNTS, "").split("\n").drop(1)

        # @return [String, nil] the working directory of the parent process, if it was in a mount
        def directory = ENV.delete(DIRECTORY)&.then { |path| Description.path(path) }

        private

        def clear
          ENV.delete(MOUNTS)
          rest = others
          ENV["RUBYOPT"] = rest.empty? ? nil : rest.join(" ")
        end

        # What RUBYOPT says besides.
        def others = ENV.fetch("RUBYOPT", "").split.reject { |word| word == option }

        # RUBYOPT has no way to write a space: then RUBYLIB says where the file is.
        def option
          return "-r#{START}" unless START.match?(/\s/)

          library = File.expand_path("../..", __dir__)
          known = ENV.fetch("RUBYLIB", "").split(File::PATH_SEPARATOR)
          ENV["RUBYLIB"] = [library, *known].join(File::PATH_SEPARATOR) unless known.include?(library)
          "-rinvfs/children/start"
        end
      end
    end
  end
end
