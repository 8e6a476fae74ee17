# frozen_string_literal: true

# Finds the native library that was built for the running Ruby and loads it.
module InVFS
  # The location of the native library. A platform gem has one for each minor version of Ruby, in lib/invfs/3.1,
  # lib/invfs/3.3 and so on. A gem that was compiled at installation has only lib/invfs/invfs.so.
  module Native
    HELP = "In a checkout run `rake compile`; a gem: `gem install invfs --platform ruby` compiles it (that needs Rust)."
    private_constant :HELP

    class << self
      # Loads the native library by its absolute path, so that no file of the same name in $LOAD_PATH can replace it.
      #
      # @return [void]
      # @raise [LoadError] if there is none for this Ruby, or the system's loader refuses it
      def load_library
        path = candidates.find { |candidate| File.file?(candidate) }
        raise LoadError, missing_message unless path

        load_from(path)
      end

      # Where the library may be, best place first.
      #
      # @param dir [String] the folder lib/invfs
      # @param minor [String] the minor version of Ruby, such as "3.1"
      # @return [Array<String>] absolute paths
      def candidates(dir = __dir__, minor = RUBY_VERSION[/\A\d+\.\d+/])
        # rbconfig knows the extension, but takes a millisecond to load if RubyGems has not loaded it.
        name = RUBY_PLATFORM.include?("darwin") ? "invfs.bundle" : "invfs.so"
        ["#{dir}/#{minor}/#{name}", "#{dir}/#{name}"]
      end

      private

      # What the system's loader says stays, and what to do is said behind it.
      def load_from(path)
        require path
      rescue LoadError => e
        raise unless e.message.include?(path)

        raise e.class, "#{e.message}\n#{refused_message(path)}", e.backtrace, cause: nil
      end

      def refused_message(path)
        "invfs: this system cannot load the native library #{path}: it was built for another one (another C library, " \
          "an older Ruby). #{HELP}"
      end

      def missing_message
        built = Dir.glob("#{__dir__}/*/invfs.{so,bundle}").map { |path| File.basename(File.dirname(path)) }.sort
        has = built.empty? ? "there is no native library" : "the native libraries are for Ruby #{built.join(", ")}"
        "invfs has no native library for Ruby #{RUBY_VERSION} on #{RUBY_PLATFORM} (#{has} in #{__dir__}). " \
          "#{HELP}"
      end
    end
  end
end

InVFS::Native.load_library
