# frozen_string_literal: true

# The methods of InVFS that are written in Ruby. Their code is loaded when one is called.
module InVFS
  class << self
    # Returns a real path for a file or directory that only this process can see, to pass to child programs.
    #
    # Copies a path in a VFS of `$:`, in a VFS that code was loaded from, or below a mount to a cache. Files are
    # read-only, and executable if they are in the VFS. Nothing is copied twice: files in the cache are checked and
    # reused. A path on disk is returned unchanged. docs/extract.md has the details.
    #
    # @param path [String, #to_path]
    # @return [String] an absolute path; for a path on disk, the path that was given
    # @raise [Errno::ENOENT] if there is no such file
    # @raise [InVFS::ArchiveError] if the contents do not match the archive's record
    # @example
    #   system(InVFS.extract("#{__dir__}/../libexec/convert.sh"), "a.png")
    def extract(path) = Extract.path(path)

    # Explains step by step what `require` of a name would do now: where it looks, and why it finds the name or not.
    # @param feature [String, #to_path] the argument of `require`
    # @return [InVFS::Explanation]
    # @raise [TypeError, ArgumentError] if this is not a path
    # @example
    #   puts InVFS.explain("app")
    def explain(feature) = Explanation.new(feature)

    # The directory of the cache.
    # @return [String, nil] nil: the default, `$INVFS_CACHE`, `$XDG_CACHE_HOME/invfs` or `~/.cache/invfs`
    def extract_cache = Extract.directory

    # Chooses the directory of the cache, for this process.
    # @param directory [String, #to_path, nil] it need not exist yet; nil: the default
    def extract_cache=(directory)
      Extract.directory = directory
    end

    # How many bytes the cache may hold. Files that living processes have extracted are kept beyond that.
    # @return [Integer] 256 MiB by default
    def extract_cache_limit = Extract.limit

    # Sets the number of bytes that the cache may hold.
    # @param bytes [Integer]
    # @raise [TypeError, ArgumentError] if this is not a number of bytes
    def extract_cache_limit=(bytes)
      Extract.limit = bytes
    end
  end
end
