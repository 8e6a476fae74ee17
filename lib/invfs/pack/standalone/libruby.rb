# frozen_string_literal: true

require "rbconfig"

module InVFS
  class Pack
    # The shared library that is this Ruby, or the program if it was built without one, changed so that it looks for its
    # files in a packed program.
    #
    # Ruby has its load path as strings in its read-only data, one behind the other: "/usr/local/lib/site_ruby/3.1.0",
    # NUL, and so on, and an empty one at the end. The packer writes a shorter list over it.
    class Libruby
      # The load path in a packed program.
      LOAD_PATH = %W[#{Standalone::PREFIX}/lib #{Standalone::PREFIX}/arch].freeze

      # The directory of the archive with the shared libraries.
      DIRECTORY = "so"

      # @return [String] its path on disk
      attr_reader :path

      # @raise [InVFS::PackError] if this Ruby cannot be packed
      def initialize
        library = find
        @program = library.nil?
        @path = library || File.realpath("/proc/self/exe")
        contents = File.binread(@path)
        libraries, = InVFS.shared_object_needs(contents)
        cannot("it is linked statically, or for a fixed address") if libraries.nil? || libraries.empty?
        @contents = changed(contents)
      end

      # @return [Boolean] whether it is a program
      def program? = @program

      # @return [String] its name in the archive: of a library that by which extensions need it
      def entry
        return "#{DIRECTORY}/ruby" if @program

        "#{DIRECTORY}/#{RbConfig::CONFIG.fetch("LIBRUBY_SONAME", File.basename(@path))}"
      end

      # @return [Tree::Item]
      def item = Tree::Item.made(entry, @contents)

      private

      # What this process has loaded.
      def find
        File.read("/proc/self/maps").scan(%r{ (/\S*/libruby[^/\s]*\.so[^/\s]*)$}).flatten.first
      end

      def changed(contents)
        list = "#{load_path}\0\0".b
        wanted = LOAD_PATH.join("\0").b
        at = contents.index(list)
        unless at && contents.index(list, at + 1).nil? && wanted.bytesize < list.bytesize
          cannot("its load path does not stand in #{@path} once, as that of a Ruby does which was built for one place")
        end

        contents[at, list.bytesize] = wanted.ljust(list.bytesize, "\0")
        contents
      end

      # That which it was built with.
      def load_path
        command = [RbConfig.ruby, "--disable-gems", "-e", "print $:.join(0.chr)"]
        IO.popen(command, unsetenv_others: true, &:read)
      end

      def cannot(reason) = raise(PackError, "this Ruby cannot be packed: #{reason}")
    end
    private_constant :Libruby
  end
end
