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

      # @return [Symbol, nil] `:file`, `:directory`; nil where there is nothing
      attr_reader :kind

      # The last component; a VFS mounted at / has none.
      def name = File.basename(@path).then { |name| name == "/" ? "root" : name }

      # @return [String] the contents of a file
      # @raise [InVFS::ArchiveError] when they are not what the archive says
      def read = Located.read(@vfs, @sub)

      def executable? = @mode.anybits?(0o100)

      # @return [Array<String>] the names in a directory
      def children = Located.list(@vfs, @sub).sort_by(&:b)

      # @param name [String] one of {children}
      def child(name) = self.class.new(@vfs, @sub.empty? ? name : "#{@sub.b}/#{name.b}", "#{@path.b}/#{name.b}")

      # @return [String, nil] where a symbolic link leads
      def link = Located.link(@vfs, @sub)
    end

    # A file or directory below a mount: this process reads it as it reads all files.
    class MountedSource
      # Whether an absolute path lies at or below a mount, or real symbolic links lead it there.
      def self.under?(path)
        return false unless InVFS.respond_to?(:mounts)

        mounts = InVFS.mounts.keys
        mounts.any? && (below?(mounts, path) || below?(mounts, File.realpath(path)))
      rescue SystemCallError
        # There is nothing: whoever asks next says so.
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
