# frozen_string_literal: true

# The class that file systems written in Ruby inherit from.
module InVFS
  # A file system written in Ruby: what a subclass answers is what programs find below the mount.
  #
  #   class Clock < InVFS::Base
  #     def read(path) = ("#{Time.now}\n" if path == "/now")
  #     def list(path) = (%w[now] if path == "/")
  #   end
  #   InVFS.mount("/clock", Clock.new)
  #   File.read("/clock/now")
  #
  # The methods, each of which may be left out. Paths begin with "/", the mount point; they are clean, and UTF-8 where
  # they can be:
  #
  # - `read(path)`: the contents, a String; nil where there is no such file
  # - `list(path)`: the names in a directory, directories with "/" at the end; nil where there is no such directory
  # - `stat(path)`: `{ type: :file, size: 3, mtime: Time.now, mode: 0o644 }`, each optional; or `:file`, `:directory`,
  #   true; nil where there is nothing
  # - `write(path, contents)`: makes or replaces a file, when the last descriptor of it is closed
  # - `append(path, contents)`: adds to the end of a file
  # - `mkdir(path)`, `remove(path)`, `rename(from, to)`
  # - `max_size`: how many bytes `read` may answer, 1 GiB if nothing else is said
  #
  # Raise any `Errno`; whatever else is raised becomes `Errno::EIO`. docs/writing_file_systems.md says all.
  class Base
  end
end
