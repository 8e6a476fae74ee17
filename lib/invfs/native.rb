# frozen_string_literal: true

# Finds the native library that was built for the running Ruby and loads it.
module InVFS
  # Where the native library lies. A platform gem carries one for each minor version of Ruby, in lib/invfs/3.1,
  # lib/invfs/3.3 and so on; a gem that was compiled when it was installed has just lib/invfs/invfs.so.
  module Native
    class << self
      # Loads the native library by its absolute path, so that no other file of its name in $LOAD_PATH can take its
      # place.
      #
      # @return [void]
      # @raise [LoadError] when there is none for this Ruby, or when the system's loader refuses the one there is
      def load_library
        path = candidates.find { |candidate| File.file?(candidate) }
        raise LoadError, missing_message unless path

        require path
      end

      # The places where the library may be, best first.
      #
      # @param dir [String] the folder lib/invfs
      # @param minor [String] the minor version of Ruby, such as "3.1"
      # @return [Array<String>] absolute paths
      def candidates(dir = __dir__, minor = RUBY_VERSION[/\A\d+\.\d+/])
        # rbconfig knows the extension, but takes a millisecond to load where RubyGems has not done so already.
        name = RUBY_PLATFORM.include?("darwin") ? "invfs.bundle" : "invfs.so"
        ["#{dir}/#{minor}/#{name}", "#{dir}/#{name}"]
      end

      private

      def missing_message
        built = Dir.glob("#{__dir__}/*/invfs.{so,bundle}").map { |path| File.basename(File.dirname(path)) }.sort
        has = built.empty? ? "there is no native library" : "the native libraries are for Ruby #{built.join(", ")}"
        "invfs has no native library for Ruby #{RUBY_VERSION} on #{RUBY_PLATFORM} (#{has} in #{__dir__}). " \
          "In a checkout run `rake compile`; a gem: `gem install invfs --platform ruby` compiles it (that needs Rust)."
      end
    end
  end
end

InVFS::Native.load_library
