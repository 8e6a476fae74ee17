# frozen_string_literal: true

module InVFS
  class Explanation
    # One entry of `$:`: what it is, and what it has under a name.
    class LoadPathEntry
      # @return [String] where its files appear
      attr_reader :path

      # @return [String] what it is, for people
      attr_reader :label

      # @return [Exception, nil] what the search raises when it comes here
      attr_reader :error

      # @param entry [Object] an element of `$:`
      # @param at [Integer] its position
      # @raise [TypeError] for what is neither a path nor a VFS
      def initialize(entry, at)
        @kind, @path, @vfs, @dir = Located.vfs?(entry) ? object(entry) : path_entry(entry)
        @label = "$:[#{at}] #{@path} (#{words(entry)})"
      end

      # Whether its files are no files of the operating system.
      def virtual? = %i[vfs archive].include?(@kind)

      # Looks a file name up.
      # @return [Array(Symbol, String, String)] outcome, words, path
      def look(name)
        path = "#{@path.b.delete_suffix("/")}/#{name}"
        case @kind
        when :directory then LoadPathEntry.on_disk(path)
        when :vfs, :archive then inside(name, path)
        else [@kind, hint, path]
        end
      end

      class << self
        # What the operating system has under an absolute path.
        def on_disk(path)
          stat = File.stat(path)
          return [:directory, "a directory, not a file", path] if stat.directory?
          return [:unreadable, "cannot be read", path] if stat.file? && !File.readable?(path)

          [:found, "found", File.expand_path(path)]
        rescue Errno::ENOENT
          [:missing, "no such file", path]
        rescue SystemCallError => e
          [:missing, e.message[/\A[^@]*/].strip.downcase, path]
        end

        # What a VFS has under a subpath.
        def in_vfs(vfs, sub, path)
          kind, size, = sub.empty? ? [:directory] : Located.stat(vfs, sub)
          case kind
          when nil then [:missing, "no such file", path]
          when :file
            size > MAX_LOADSIZE ? [:too_large, too_large(size), path] : [:found, "found, #{size} bytes", path]
          else [:directory, "a directory, not a file", path]
          end
        rescue ClosedError
          [:closed, "the archive was closed", path]
        end

        private

        def too_large(size)
          "too large: #{size} bytes, more than the limit of #{MAX_LOADSIZE} (RUBY_REQUIRE_INVFS_MAX_LOADSIZE raises it)"
        end
      end

      private

      def object(entry) = [:vfs, InVFS.root(entry), entry, ""]

      def path_entry(entry)
        path = File.expand_path(File.path(entry))
        path = File.realpath(path) if File.exist?(path)
        # First: an archive that stands in `$:` is a directory for whoever asks.
        vfs, dir = Located.entry(path)
        return [:archive, path, vfs, dir] if vfs
        return [:directory, path] if File.directory?(path)

        [what_it_is(path), path]
      rescue LoadError => e
        @error = e
        [:error, path]
      end

      # What a path is that is neither a directory nor in an archive.
      def what_it_is(path)
        File.stat(path)
        InVFS.handlers.empty? ? :no_handler : :no_archive
      rescue Errno::ENOTDIR
        InVFS.handlers.empty? ? :no_handler : :no_archive
      rescue SystemCallError
        :no_directory
      end

      def words(entry)
        case @kind
        when :vfs then entry.class.name || "a VFS object"
        when :archive then @dir.empty? ? "archive" : "directory of an archive"
        when :directory then "directory"
        when :no_directory then "not there"
        when :error then "archive"
        else "a file"
        end
      end

      def hint
        case @kind
        when :no_directory then "no such directory"
        when :no_handler then "a file, and there is no handler for files: require \"invfs/zip\" registers one"
        when :no_archive then "a file that is no archive for any handler"
        else @error.message
        end
      end

      def inside(name, path)
        clean = File.expand_path(name, "/")
        # `a/../../other.zip/b` may lead out of this place and into another.
        return elsewhere(path) if name.split("/").include?("..")

        sub = clean.delete_prefix("/")
        LoadPathEntry.in_vfs(@vfs, @dir.empty? ? sub : "#{@dir.b}/#{sub}", "#{@path.b.delete_suffix("/")}/#{sub}")
      end

      def elsewhere(path)
        path = File.expand_path(path)
        vfs, sub = InVFS.locate(path)
        vfs ? LoadPathEntry.in_vfs(vfs, sub, path) : [:missing, "no such file", path]
      end
    end
  end
end
