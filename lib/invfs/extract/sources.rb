# frozen_string_literal: true

module InVFS
  module Extract
    # A file or directory in a VFS object. Reading it checks it against the archive's checksum.
    class VirtualSource
      # @param vfs [VFS]
      # @param sub [String] the subpath, empty for the root
      # @param path [String] the virtual path
      def initialize(vfs, sub, path)
        @vfs = vfs
        @sub = sub
        @path = path
        @kind, _, @mode = Located.stat(vfs, sub)
      end

      # @return [Symbol, nil] `:file`, `:directory`; nil if there is nothing
      attr_reader :kind

      # The last component; a VFS mounted at / has none.
      def name = File.basename(@path).then { |name| name == "/" ? "root" : name }

      # @return [String] the contents of a file
      # @raise [InVFS::ArchiveError] if they do not match the archive's record
      def read = Located.read(@vfs, @sub)

      def executable? = @mode.anybits?(0o100)

      # @return [Array<String>] the names in a directory
      def children = Located.list(@vfs, @sub).sort_by(&:b)

      # @param name [String] one of {children}
      def child(name) = self.class.new(@vfs, @sub.empty? ? name : "#{@sub.b}/#{name.b}", "#{@path.b}/#{name.b}")

      # @return [String, nil] the target of a symbolic link
      def link = Located.link(@vfs, @sub)
    end

    # A file or directory below a mount. This process reads it like any file.
    class MountedSource
      # Whether an absolute path lies at or below a mount, directly or through real symbolic links.
      def self.under?(path)
        return false unless InVFS.respond_to?(:mounts)

        mounts = InVFS.mounts.keys
        mounts.any? && (below?(mounts, path) || below?(mounts, File.realpath(path)))
      rescue SystemCallError
        # Nothing is there: the next call reports it.
        false
      end

      def self.below?(mounts, path)
        mounts.any? { |at| path.b == at.b || path.b.start_with?("#{at.b.delete_suffix("/")}/") }
      end
      private_class_method :below?

      def initialize(path)
        @path = path
        @stat = File.stat(path)
      rescue Errno::ENOENT, Errno::ENOTDIR, Errno::ELOOP
        @stat = nil
      end

      def kind = @stat && (@stat.directory? ? :directory : :file)

      def name = File.basename(@path).then { |name| name == "/" ? "root" : name }

      def read = File.binread(@path)

      def executable? = @stat.mode.anybits?(0o100)

      def children = Dir.children(@path).sort_by(&:b)

      def child(name) = self.class.new("#{@path.b}/#{name.b}")

      def link = File.symlink?(@path) ? File.readlink(@path) : nil
    end
  end
end
