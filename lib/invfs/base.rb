# frozen_string_literal: true

# The base class of file systems written in Ruby.
module InVFS
  # A file system written in Ruby: programs find the answers of a subclass below the mount.
  #
  #   class Clock < InVFS::Base
  #     def read(path) = ("#{Time.now}\n" if path == "/now")
  #     def list(path) = (%w[now] if path == "/")
  #   end
  #   InVFS.mount("/clock", Clock.new)
  #   File.read("/clock/now")
  #
  # The methods are all optional. Paths begin with "/", the mount point. They are clean, and UTF-8 if they can be:
  #
  # - `read(path)`: the contents, a String; nil if there is no such file. `read(path, offset = 0, length = nil)`: of
  #   large files, only that part
  # - `list(path)`: the names in a directory, directories with "/" at the end; nil if there is no such directory
  # - `stat(path)`: `{ type: :file, size: 3, mtime: Time.now, mode: 0o644 }`, each optional; or `:file`, `:directory`,
  #   true; nil if there is nothing
  # - `write(path, contents)`: creates or replaces a file, when its last descriptor is closed
  # - `write_from(path, io)`: the same, and the contents are read from `io`
  # - `append(path, contents)`: adds to the end of a file
  # - `mkdir(path)`, `remove(path)`, `rename(from, to)`
  # - `utime(path, atime, mtime)`, `chmod(path, mode)`, `chown(path, user, group)`: nil for what stays as it is
  # - `max_size`: how many bytes `read` may return, 1 GiB by default
  #
  # Raise any `Errno`; any other exception becomes `Errno::EIO`. docs/writing_file_systems.md has the details.
  class Base
  end
end
