# frozen_string_literal: true

# Assertions about damaged or deceptive archives.
require "timeout"

module ArchiveChecks
  PATH = "/where/it/is.zip"

  # The archive of these bytes, in memory.
  def open_bytes(bytes, **options)
    InVFS::ZipFS.from_bytes(bytes, to_path: PATH, **options)
  end

  def build(**options, &block)
    ZipBuilder.build(**options, &block)
  end

  # Asserts that opening, or else reading `entry`, raises one of `classes`, and that the error names the place.
  def assert_refused(classes, bytes, entry, **options)
    error = assert_raises(*classes, "opening and reading #{entry.inspect}") { open_bytes(bytes, **options).read(entry) }
    assert_equal PATH, error.archive
    assert_includes error.message, PATH
    error
  end

  # Asserts that everything readable in damaged bytes is one of the original contents, under the right name if the name
  # is an original one, and that all errors are documented ones.
  def assert_errors_or_right_bytes(files, bytes, hint)
    fs = open_bytes(bytes)
    fs.entries.each do |name|
      content = fs.read(name)
      assert_includes files.values, content, hint
      assert_equal files[name], content, hint if files.key?(name)
    rescue InVFS::ArchiveError => e
      assert_equal PATH, e.archive, hint
    rescue Errno::ENOENT, Errno::ELOOP, Errno::EISDIR => e
      # The damage turned it into a symbolic link.
      assert_includes e.message, PATH, hint
    end
  rescue InVFS::ArchiveError => e
    assert_equal PATH, e.archive, hint
  end
end
