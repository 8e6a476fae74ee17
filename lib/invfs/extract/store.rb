# frozen_string_literal: true

require "digest/sha2"
require "fileutils"
require "securerandom"

module InVFS
  module Extract
    # Real files under a directory, each below the digest of its contents: `<digest>/<name>`. Programs and directories
    # have other digests than plain files, so the same contents can exist as each of them.
    #
    # Existing files are read and compared before they are handed out.
    class Store
      # The modes of the files: readable for this user, writable for nobody.
      FILE = 0o400
      EXECUTABLE = 0o500
      private_constant :FILE, :EXECUTABLE

      # A store for this process alone, removed when it exits.
      # @return [Store]
      def self.temporary
        require "tmpdir"
        directory = File.realpath(Dir.mktmpdir("invfs-"))
        owner = Process.pid
        at_exit { FileUtils.rm_rf(directory) if Process.pid == owner }
        new(directory)
      end

      # @param directory [String] the real path of a directory that only this user can write
      def initialize(directory)
        @directory = directory
      end

      # @return [String] the real path of a file with these contents
      def file(name, contents, executable:)
        item = Tree::Item.new(executable ? :executable : :file, contents)
        digest = item.digest
        entry = executable ? "#{digest}-x" : digest
        provide(entry, name, ->(path) { good?(path, item, digest) }) { |path| write(path, item) }
      end

      # @param tree [Tree]
      # @return [String] the real path of a directory with the same contents
      def tree(name, tree)
        provide("#{tree.digest}-d", name, ->(path) { good_tree?(path, tree) }) { |path| write_tree(path, tree) }
      end

      private

      # The path `name` in the entry. If `good` rejects the existing file, the block makes it again. The result is the
      # same if another process does this at the same time.
      def provide(entry, name, good)
        directory = "#{@directory}/#{entry}"
        path = File.join(directory, name)
        return path if own_directory?(directory) && good.call(path)

        within_new do |fresh|
          yield File.join(fresh, name)
          put(fresh, directory, path, good)
        end
        path
      end

      # Moves the finished `fresh` to `directory`, unless another process was faster.
      def put(fresh, directory, path, good)
        File.rename(fresh, directory)
      rescue Errno::EEXIST, Errno::ENOTEMPTY, Errno::ENOTDIR
        return if own_directory?(directory) && good.call(path)

        begin
          # Moved away in one step: a process that has it open keeps it.
          File.rename(directory, "#{fresh}.old")
        rescue Errno::ENOENT
          # Another process was faster.
        end
        remove("#{fresh}.old")
        retry
      end

      # Yields a new directory for unfinished work, and removes it after a failure.
      def within_new
        fresh = "#{@directory}/tmp/#{temporary_name}"
        FileUtils.mkdir_p(File.dirname(fresh), mode: 0o700)
        Dir.mkdir(fresh, 0o700)
        yield fresh
      ensure
        remove(fresh) if fresh
      end

      def temporary_name = SecureRandom.hex(12)

      def remove(path)
        FileUtils.rm_r(path) if File.symlink?(path) || File.exist?(path)
      end

      def write(path, item)
        File.open(path, File::WRONLY | File::CREAT | File::EXCL | File::BINARY, 0o600) do |file|
          file.write(item.text)
          file.chmod(mode_of(item))
          file.fsync
        end
      end

      def write_tree(path, tree)
        Dir.mkdir(path, 0o700)
        tree.items.each do |name, item|
          place = "#{path.b}/#{name}"
          case item.kind
          when :directory then Dir.mkdir(place, 0o700)
          when :link then File.symlink(item.text, place)
          else write(place, item)
          end
        end
      end

      def mode_of(item) = item.kind == :executable ? EXECUTABLE : FILE

      # Whether this is a directory that only this user can write, and not a link to one.
      def own_directory?(path)
        stat = File.lstat(path)
        stat.directory? && stat.uid == Process.euid && stat.mode.nobits?(0o022)
      rescue Errno::ENOENT, Errno::ENOTDIR
        false
      end

      # Whether the file is as it was written: no link, the same mode, every byte.
      def good?(path, item, digest)
        File.open(path, File::RDONLY | File::NOFOLLOW | File::NONBLOCK | File::BINARY) do |file|
          stat = file.stat
          return false unless stat.file? && stat.uid == Process.euid && stat.nlink == 1
          return false unless stat.mode & 0o7777 == mode_of(item) && stat.size == item.text.bytesize

          sum = Digest::SHA256.new
          while (part = file.read(1 << 20))
            sum << part
          end
          sum.hexdigest == digest
        end
      rescue SystemCallError
        # Missing, a link, or unreadable: it must be written again. If that fails, the error says why.
        false
      end

      def good_tree?(path, tree)
        return false unless own_directory?(path)

        pending = [""]
        found = []
        until pending.empty?
          above = pending.pop
          Dir.children("#{path.b}/#{above}").each do |child|
            name = "#{above}#{child.b}"
            found << name
            return false unless (item = tree.items[name]) && good_item?("#{path.b}/#{name}", item)

            pending << "#{name}/" if item.kind == :directory
          end
        end
        found.size == tree.items.size
      rescue SystemCallError
        # As for a file.
        false
      end

      def good_item?(path, item)
        case item.kind
        when :directory then own_directory?(path)
        when :link then File.symlink?(path) && File.readlink(path).b == item.text
        else good?(path, item, item.digest)
        end
      end
    end
  end
end
