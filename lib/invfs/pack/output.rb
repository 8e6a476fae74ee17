# frozen_string_literal: true

module InVFS
  class Pack
    # The file that becomes the archive. A mistyped name must not cost a file that is something else.
    module Output
      module_function

      # Refuses to replace anything but an archive or an empty file.
      # @param path [String] where the archive will be
      # @param force [Boolean] whether any file may be replaced
      # @raise [InVFS::PackError]
      def check(path, force)
        stat = File.stat(path)
        # The writer refuses directories, devices and pipes.
        return if force || !stat.file? || stat.zero? || archive?(path)

        raise PackError, "#{path} exists and is no zip archive; --force replaces it"
      rescue Errno::ENOENT
        nil
      end

      # Lets those run the file who may read it.
      def let_run(path)
        mode = File.stat(path).mode
        File.chmod((mode | ((mode & 0o444) >> 2)) & 0o7777, path)
      end

      # Whether it is a zip archive, even a damaged one.
      def archive?(path)
        InVFS.zip(path).close
        true
      rescue NotAnArchiveError
        false
      rescue ArchiveError
        true
      end
    end
    private_constant :Output
  end
end
