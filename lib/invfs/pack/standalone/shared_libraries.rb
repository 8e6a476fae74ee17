# frozen_string_literal: true

module InVFS
  class Pack
    # The shared libraries that extensions and Ruby itself need, as this machine has them. The C library stays out: it
    # belongs to the machine, as the kernel does.
    class SharedLibraries
      # The C library and what belongs to it.
      SYSTEM = /\A(?:ld-|ld64|(?:libc|libm|libdl|libpthread|librt|libresolv|libutil|libnsl|libanl|libmvec|libthread_db|
                libnss_\w+|libBrokenLocale|linux-vdso|linux-gate)(?:\.so|-|\z)|libc\.musl)/x
      private_constant :SYSTEM

      # @return [Array<Tree::Item>]
      attr_reader :items

      # @return [Array<String>] the names of those in the archive that Ruby itself needs
      attr_reader :rubys

      # @return [String, nil] the version of the GNU C library that all of them, and the launcher, need
      attr_reader :glibc

      # @param items [Array<Tree::Item>] what is packed
      # @param ruby [Libruby]
      # @param launcher [String] its path
      # @raise [InVFS::PackError] if a library is missing
      def initialize(items, ruby, launcher)
        @objects = items.select { |item| item.kind == :file && item.name.match?(/\.so(\.[\d.]+)?\z/n) && elf?(item) }
        found = libraries([ruby.path, *@objects.filter_map(&:path)])
        found.delete(File.basename(ruby.entry))
        @items = found.map { |name, path| Tree::Item.file("#{Libruby::DIRECTORY}/#{name}".b, File.realpath(path)) }
        rubys = needed([ruby.path]).keys
        @rubys = @items.map(&:name).select { |name| rubys.include?(File.basename(name)) }
        @items.unshift(ruby.item)
        [*@objects, *@items].each { |item| DebugInformation.remove(item) }
        @glibc = newest((@objects + @items).map(&:read) << File.binread(launcher))
      end

      # @return [Array<String>] the names of those of the system
      def names = @items.drop(1).map { |item| File.basename(item.name) }

      private

      def elf?(item) = item.read.start_with?("\x7FELF".b)

      # Name => path, of all that the files need, directly or not, as the system's loader finds them. It is asked, since
      # it alone knows all its rules.
      def libraries(files)
        packed = @objects.filter_map { |item| File.realpath(item.path) if item.path }
        found = needed(files).reject { |name, path| name.match?(SYSTEM) || packed.include?(real(path)) }
        missing = found.select { |_, path| path.nil? }.keys
        raise PackError, "libraries that extensions need are missing here: #{missing.join(", ")}" if missing.any?

        found.sort.to_h
      end

      def needed(files)
        text = IO.popen({ "LC_ALL" => "C" }, ["ldd", *files], err: File::NULL, &:read)
        text.scan(%r{^\s+(\S+) => (?:(/\S+)|not found)}).to_h
      rescue Errno::ENOENT
        raise PackError, "--standalone needs ldd, which belongs to the C library, and it is not there"
      end

      def real(path) = path && File.realpath(path)

      def newest(objects)
        versions = objects.flat_map { |bytes| InVFS.shared_object_needs(bytes)&.last || [] }
        versions = versions.filter_map { |version| version[/\AGLIBC_(\d[\d.]*)\z/, 1] }
        versions.max_by { |version| version.split(".").map(&:to_i) }
      end
    end
    private_constant :SharedLibraries
  end
end
