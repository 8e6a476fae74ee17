# frozen_string_literal: true

require_relative "globs"
require_relative "links"

module InVFS
  class Pack
    # Walks a directory and decides what to pack: every file and link, except those that the user left out. Names are
    # binary Strings, so that nothing depends on the locale.
    class Tree
      # One item to pack. kind: :file, :link or :directory (empty ones only); target: where a link leads; contents: of
      # a file that is not on disk.
      Item = Struct.new(:name, :path, :kind, :mode, :bytes, :target, :contents, keyword_init: true) do
        # A file on disk. As in git: everybody may read it, and run it if the owner may. So the umask does not matter.
        def self.file(name, path, stat = File.stat(path))
          new(name: name, path: path, kind: :file, mode: stat.mode.anybits?(0o100) ? 0o755 : 0o644, bytes: stat.size)
        end

        # A file that is made for the archive.
        def self.made(name, contents)
          new(name: name.b, kind: :file, mode: 0o644, bytes: contents.bytesize, contents: contents.b)
        end

        # @return [String] the contents of a file
        def read = contents || File.binread(path)
      end

      IGNORE_FILE = ".invfsignore"

      # @return [Array<Item>] sorted by name
      attr_reader :items

      # @return [Array<Summary::LeftOut>] sorted by name
      attr_reader :left_out

      # @param root [String] the directory
      # @param include [Array<String>] globs; empty: everything
      # @param exclude [Array<String>] globs
      # @param follow [Boolean] whether to pack the targets of links that lead outside
      # @param unneeded [Array<String>] globs for what a program does not need, such as its tests
      # @param output [String, nil] the path of the archive, which is not packed into itself
      def initialize(root, include: [], exclude: [], follow: false, unneeded: [], output: nil)
        # Raises for a file, as in Ruby.
        Dir.children(root)
        @root = File.realpath(root).b
        @include, @exclude = Globs.of(include), Globs.of(exclude)
        @ignore = Globs.read(ignore_file)
        @unneeded = Globs.of(unneeded)
        @follow = follow
        @output = output && real_output(output)
        @links = Links.new(@root)
        @items, @left_out = [], []
        visit(@root, "".b, inside: @include.empty?, moved: false, above: [@root])
        [@items, @left_out].each { |list| list.sort_by!(&:name) }
      end

      private

      def ignore_file
        File.binread(File.join(@root, IGNORE_FILE))
      rescue Errno::ENOENT
        ""
      end

      # The file may not exist yet, but its directory does.
      def real_output(path)
        File.realpath(path).b
      rescue Errno::ENOENT
        File.join(File.realpath(File.dirname(path)), File.basename(path)).b
      end

      # Walks one directory. inside: whether --include took in this directory; moved: whether it is elsewhere on disk
      # than in the archive; above: the directories on disk that lead here. Returns whether it found anything.
      def visit(directory, prefix, inside:, moved:, above:)
        names = Refusal.naming(directory) { Dir.children(directory, encoding: Encoding::BINARY) }
        names.each do |base|
          name, path = prefix + base, join(directory, base)
          stat = File.lstat(path)
          reason = reason(name, path, stat.directory?)
          next leave_out(name, path, reason, stat) if reason

          taken = inside || @include.match?(name, stat.directory?)
          add(name, path, stat, inside: taken, moved: moved, above: above)
        end.any?
      end

      def join(directory, base) = directory == "/" ? "/#{base}".b : "#{directory}/#{base}".b

      def reason(name, path, directory)
        return :git if File.basename(name) == ".git"
        return :reserved if name == OwnEntries::DIRECTORY
        return :output if path == @output
        return :ignored if @ignore.match?(name, directory)

        return :excluded if @exclude.match?(name, directory)

        :unneeded if @unneeded.match?(name, directory)
      end

      def add(name, path, stat, inside:, moved:, above:)
        if stat.symlink?
          add_link(name, path, inside: inside, moved: moved, above: above)
        elsif stat.directory?
          any = visit(path, "#{name}/".b, inside: inside, moved: moved, above: above + [path])
          @items << Item.new(name: name, path: path, kind: :directory, mode: 0o755, bytes: 0) if inside && !any
        elsif !inside
          leave_out(name, path, :not_included, stat)
        elsif stat.file?
          @items << Item.file(name, path, stat)
        else
          leave_out(name, path, :special, stat)
        end
      end

      def add_link(name, path, inside:, moved:, above:)
        target = @links.target(name, path, moved: moved)
        if target.nil? && @follow then follow(name, path, inside: inside, above: above)
        elsif !inside then leave_out(name, path, :not_included, File.lstat(path))
        elsif target then @items << Item.new(name: name, path: path, kind: :link, mode: 0o777, bytes: 0, target: target)
        else
          raise PackError, "#{path}: the link leads to #{File.readlink(path)}, outside of #{@root}; " \
                           "--follow packs what is there, --exclude leaves it out"
        end
      end

      def follow(name, path, inside:, above:)
        real = File.realpath(path).b
        raise PackError, "#{path}: the link leads to a directory that it is in" if above.include?(real)

        add(name, real, File.stat(real), inside: inside, moved: true, above: above)
      end

      def leave_out(name, path, reason, stat)
        name += "/" if stat.directory?
        @left_out << Summary::LeftOut.new(name, reason, stat.directory? ? count(path) : 1)
      end

      # How many files a left-out directory contains. A directory that cannot be read counts too.
      def count(directory)
        Dir.children(directory, encoding: Encoding::BINARY).sum do |base|
          path = join(directory, base)
          File.lstat(path).directory? ? count(path) : 1
        end
      rescue SystemCallError
        1
      end
    end
    private_constant :Tree
  end
end
