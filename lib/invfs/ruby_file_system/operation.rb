# frozen_string_literal: true

module InVFS
  module RubyFileSystem
    # One file operation: answers its questions from the few methods of a file system, and checks each of their answers.
    # Raises errors as Errno.
    class Operation
      # The largest contents, unless `max_size` says another number.
      MAX_SIZE = 1 << 30
      # Files that are larger are read in parts, if the file system can do that.
      WHOLE = 1 << 20

      # @param calls [Answers]
      def initialize(calls)
        @calls = calls
      end

      def stat(path)
        return Status.directory(**root_attributes) if path == "/"

        find(path) or raise Errno::ENOENT
      end

      # @param in_parts [Boolean] whether that is possible
      # @return [Array] the contents, and what `stat` answers for the open file; nil and that, if it is read in parts
      def read(path, in_parts)
        found = path == "/" ? nil : said(path)
        raise Errno::ENOENT if found == false
        raise Errno::EISDIR if path == "/" || found&.first
        return [nil, found] if in_parts && found && found[1] > WHOLE && @calls.reads_parts?

        contents = contents(path)
        raise listing(path) ? Errno::EISDIR : Errno::ENOENT unless contents

        [contents, [false, contents.bytesize, *(found || Status.file(0))[2..]]]
      end

      # @return [String] the bytes from `offset` on, at most `length` of them
      def read_part(path, offset, length)
        part = @calls.read_part(path, offset, length)
        raise Errno::ESTALE unless part
        raise TypeError, "read answered #{part.class} instead of a String" unless part.is_a?(String)
        return part if part.bytesize <= length

        raise RangeError, "read answered #{part.bytesize} bytes, and at most #{length} were asked for"
      end

      def list(path)
        names = listing(path)
        unless names
          found = path == "/" ? nil : find(path)
          return [] if path == "/" || found&.first

          raise found ? Errno::ENOTDIR : Errno::ENOENT
        end
        Names.array(names)
      end

      # @return [Array<Boolean>] which of the names in a directory are directories
      def kinds(path, names)
        names.map { |name| find(child(path, name))&.first ? true : false }
      end

      # @return [Array] the contents to begin with, whether only the added bytes are handed over, whether unchanged
      #   contents need no writing, and what `stat` answers
      def open(path, flags)
        how = Opening.new(flags)
        raise Errno::EISDIR if path == "/"
        unless can_write? || (how.appends? && @calls.can?(:append))
          raise exists_for(how, path) ? Errno::ENOTSUP : Errno::ENOENT
        end

        contents, appends, existed = start(path, how)
        [contents, appends, existed, Status.file(contents.bytesize)]
      end

      # What was written to a file. The descriptor stays the native library's.
      # @param fd [Integer]
      # @param own_offset [Boolean] whether reading from it moves no other descriptor
      # @param added_from [Integer, nil] where that begins which is added; nil: the whole is written
      # @param length [Integer]
      def take(path, fd, own_offset, added_from, length)
        file = File.for_fd(fd, "rb", autoclose: false)
        if added_from
          append(path, Contents.read(file, added_from, length))
        elsif @calls.writes_from? && own_offset
          @calls.change(:write_from, path, file)
        else
          write(path, Contents.read(file, 0, length))
        end
      ensure
        file&.close
      end

      def write(path, contents)
        return @calls.change(:write, path, contents) unless @calls.writes_from?

        require "stringio"
        @calls.change(:write_from, path, StringIO.new(contents))
      end

      # For a block that does not know `append`, and for files that cannot be appended to.
      def append(path, contents)
        @calls.change(:append, path, contents)
      rescue Errno::ENOTSUP
        raise if @calls.knows?(:append)

        write(path, (contents(path) || +"").b + contents)
      end

      def truncate(path, length)
        raise Errno::EISDIR if stat(path).first
        raise Errno::ENOTSUP unless can_write?

        contents, = read(path, false)
        raise Errno::EFBIG if length > max_size

        write(path, contents.b[0, length].ljust(length, "\0"))
      end

      def mkdir(path)
        make(path) { @calls.change(:mkdir, path) }
      end

      def remove_file(path)
        raise Errno::EISDIR if stat(path).first

        @calls.change(:remove, path)
      end

      def remove_directory(path)
        raise Errno::ENOTDIR unless stat(path).first
        raise Errno::ENOTEMPTY unless list(path).empty?

        @calls.change(:remove, path)
      end

      def rename(from, to, keep)
        moved = stat(from).first
        there = find(to)
        raise Errno::EEXIST if keep && there
        return if from == to

        check_rename(moved, there&.first, from, to)
        @calls.change(:rename, from, to)
      end

      # A second name or a symbolic link, which no file system has.
      def link(path, from)
        stat(from) if from
        make(path) { raise Errno::ENOTSUP }
      end

      # @param times each nil for unchanged, true for now, or seconds and nanoseconds
      def utime(path, *times)
        now = Time.now
        times = times.map { |time| time == true ? now : time && Time.at(time.first, time.last, :nsec) }
        attribute(:utime, path, *times)
      end

      def chmod(path, mode) = attribute(:chmod, path, mode & 0o7777)

      # @param user, group each nil for unchanged
      def chown(path, user, group)
        attribute(:chown, path, user, group) do
          own = (user || Process.euid) == Process.euid && (group || Process.egid) == Process.egid
          raise Errno::EPERM unless own
        end
      end

      CHANGES = %i[write write_from append mkdir remove rename utime chmod chown].freeze
      private_constant :CHANGES

      def check_writable(path)
        stat(path)
        raise Errno::EROFS unless CHANGES.any? { |operation| @calls.can?(operation) }
      end

      private

      # Yields where `path` is a free name. Where nothing can be made there, the directory must at least be known.
      def make(path)
        raise Errno::EEXIST if find(path)

        yield
      rescue Errno::ENOTSUP
        raise find(File.dirname(path)) ? Errno::ENOTSUP : Errno::ENOENT
      end

      # A file system without the method does not keep this attribute: programs that copy files set it, and go on.
      def attribute(operation, path, *values)
        check_writable(path)
        @calls.change(operation, path, *values)
      rescue Errno::ENOTSUP => e
        # Ruby takes all errors with one number for the same.
        raise unless e.instance_of?(Unknown)

        yield if block_given?
      end

      def child(directory, name)
        path = "#{directory.b.chomp("/")}/#{name}"
        path.dup.force_encoding(Encoding::UTF_8).then { |text| text.valid_encoding? ? text : path }
      end

      def can_write? = @calls.can?(:write) || @calls.writes_from?

      # The status of a file or directory, from `stat`, else from `list` and `read`; nil if there is none.
      def find(path)
        return Status.directory if path == "/"

        found = said(path)
        return found || nil unless found.nil?
        return Status.directory if listing(path)

        contents = contents(path)
        contents && Status.file(contents.bytesize)
      end

      # The file system's own answer: false if there is nothing, nil if it does not know.
      def said(path)
        return nil unless @calls.can?(:stat)

        answer = @calls.ask(:stat, path)
        return @calls.knows?(:stat) ? false : nil unless answer

        complete(path, Status.hash(answer))
      end

      # Fills in what the answer leaves out.
      def complete(path, answer)
        attributes = { mtime: answer.fetch(:mtime, 0), mode: Status.mode(answer[:mode]) }
        directory = Status.directory?(answer)
        directory = !answer.key?(:size) && listing(path) ? true : false if directory.nil?
        return Status.directory(**attributes) if directory

        size = answer.key?(:size) ? Status.size(answer[:size]) : size_of(path)
        size ? Status.file(size, **attributes) : false
      end

      def root_attributes
        answer = @calls.ask(:stat, "/")
        return {} unless answer

        answer = Status.hash(answer)
        { mtime: answer.fetch(:mtime, 0), mode: Status.mode(answer[:mode]) }
      end

      def listing(path)
        @calls.ask(:list, path) || nil
      end

      def size_of(path)
        return contents(path)&.bytesize if @calls.reads_whole?

        raise TypeError, "stat answered no size, which a file system needs that reads only in parts"
      end

      # The contents, not yet copied; nil if there is no file of that name.
      def contents(path)
        answer = @calls.reads_whole? ? @calls.ask(:read, path) : all_parts(path)
        return nil if answer.nil? || answer == false
        raise TypeError, "read answered #{answer.class} instead of a String" unless answer.is_a?(String)
        raise Errno::EFBIG, "read answered #{answer.bytesize} bytes" if answer.bytesize > max_size

        answer
      end

      # From a file system that reads only in parts.
      def all_parts(path)
        found = said(path)
        raise TypeError, "a file system needs stat that reads only in parts" if found.nil?
        return if found == false || found.first
        raise Errno::EFBIG if found[1] > max_size

        @calls.read_part(path, 0, found[1])
      end

      def max_size
        limit = @calls.max_size
        limit.is_a?(Integer) ? limit : MAX_SIZE
      end

      def exists_for(how, path) = how.creates? || find(path)

      # The contents to begin with, whether only what is added counts, and whether the file is there.
      def start(path, how)
        raise Errno::EEXIST if how.exclusive? && find(path)
        raise Errno::EISDIR if directory?(path)
        return begin_anew(path, how) if how.truncates?
        # Appending needs no contents if there is a method for it.
        return [+"", true, false] if only_adds?(how) && (how.creates? || find(path))

        contents = contents(path)
        raise Errno::ENOENT unless contents || how.creates?

        [contents || +"", how.appends? && @calls.can?(:append), contents ? true : false]
      end

      def begin_anew(path, how)
        raise Errno::ENOENT unless how.creates? || find(path)

        [+"", false, false]
      end

      def only_adds?(how)
        how.appends? && !how.reads? && @calls.knows?(:append) && @calls.can?(:append)
      end

      # Without reading the contents, which are replaced.
      def directory?(path)
        return (said(path) || nil)&.first if @calls.can?(:stat) && @calls.knows?(:stat)

        @calls.can?(:list) && listing(path) ? true : false
      end

      def check_rename(moved, there, from, to)
        raise Errno::EINVAL if to.start_with?("#{from}/")
        return if there.nil?
        raise Errno::EISDIR if there && !moved
        raise Errno::ENOTDIR if moved && !there
        raise Errno::ENOTEMPTY if there && !list(to).empty?
      end
    end
  end
end
