# frozen_string_literal: true

require "fileutils"

module InVFS
  class Pack
    # Writes the contents of an archive to disk: what {Pack#write} packed is there again, without what invfs itself
    # added.
    #
    # Every file is checked before anything of it is written. What is wrong with an entry leaves only that entry out.
    class Unpack
      # @return [Integer] how many files and links were written
      attr_reader :files

      # @return [Integer] how many bytes the files have
      attr_reader :bytes

      # @return [Hash{String => String}] name of an entry that was left out => what is wrong with it
      attr_reader :problems

      # @param archive [String] the path of an archive
      # @param directory [String] where to write; made if it does not exist
      # @param force [Boolean] write into a directory that is not empty, and replace the files there
      # @yield as {Pack#write} does
      # @raise [InVFS::PackError] if the directory is not empty, or has a symbolic link where a directory belongs
      # @raise [InVFS::ArchiveError, SystemCallError] if the archive cannot be opened, or a file not written
      def initialize(archive, directory, force: false, &progress)
        @archive = InVFS.zip(archive, max_entry_size: NO_LIMIT)
        @directory, @force, @progress = File.expand_path(directory).b, force, progress
        @files, @bytes, @problems = 0, 0, @archive.refused
        @total = @archive.entries.size
        @links = {}
        check_directory(directory)
        FileUtils.mkdir_p(@directory)
        visit("".b)
        # Last, so that nothing is written through one.
        @links.each { |name, target| add_link(name, target) }
      ensure
        @archive&.close
      end

      def good? = @problems.empty?

      private

      def check_directory(shown)
        return if @force || !File.directory?(@directory) || Dir.empty?(@directory)

        raise PackError, "#{shown} is not empty; --force writes into it"
      end

      def visit(directory)
        Located.list(@archive, directory).map(&:b).sort.each do |base|
          name = directory.empty? ? base : "#{directory}/#{base}"
          next if name == OwnEntries::DIRECTORY

          target = Located.link(@archive, name)
          next @links[name] = target.b if target

          Located.stat(@archive, name)&.first == :directory ? add_directory(name) : add_file(name)
        end
      end

      def add_directory(name)
        path = on_disk(name)
        raise PackError, "#{path}: a symbolic link is where a directory belongs" if File.symlink?(path)

        Dir.mkdir(path) unless File.directory?(path)
        visit(name)
      end

      def add_file(name)
        @progress&.call(@files, @total, name)
        entry = ArchiveEntry.of(@archive, name)
        contents = read(name) or return
        path = on_disk(name)
        make_way(path)
        File.open(path, File::WRONLY | File::CREAT | File::EXCL | File::BINARY, entry.mode & 0o777) do |file|
          file.write(contents)
        end
        File.utime(entry.mtime, entry.mtime, path)
        @files += 1
        @bytes += contents.bytesize
      end

      def read(name)
        ArchiveEntry.read(@archive, name)
      rescue ArchiveError => e
        @problems[name] = Refusal.reason(e)
        nil
      end

      def add_link(name, target)
        return @problems[name] = "the link leads out of the archive, to #{target}" unless Links.inside?(name, target)

        path = on_disk(name)
        make_way(path)
        File.symlink(target, path)
        @files += 1
      rescue NotImplementedError
        @problems[name] = "this system has no symbolic links"
      end

      def make_way(path)
        File.unlink(path) if @force && (File.file?(path) || File.symlink?(path))
      end

      def on_disk(name) = "#{@directory.delete_suffix("/")}/#{name}"
    end
  end
end
