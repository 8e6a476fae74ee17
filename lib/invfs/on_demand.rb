# frozen_string_literal: true

# The methods of InVFS that are written in Ruby. What is behind them is loaded when one is called.
module InVFS
  class << self
    # A real path for a file or directory that only this process can see: what to give to child programs.
    #
    # A path in a VFS of `$:`, in one that code was loaded from, or below a mount is copied to a cache, files read-only
    # and executable if they are so in the VFS. Nothing is copied twice: what is in the cache is checked and used
    # again. A path on disk is returned as it is. docs/extract.md says more.
    #
    # @param path [String, #to_path]
    # @return [String] an absolute path, or, for what is on disk already, the path that was given
    # @raise [Errno::ENOENT] when there is no such file
    # @raise [InVFS::ArchiveError] when the contents are not what the archive says
    # @example
    #   system(InVFS.extract("#{__dir__}/../libexec/convert.sh"), "a.png")
    def extract(path) = Extract.path(path)

    # Says step by step what `require` of a name would do now: where it is looked for, and why it is found or not.
    # @param feature [String, #to_path] what `require` would be given
    # @return [InVFS::Explanation]
    # @raise [TypeError, ArgumentError] for what is no path
    # @example
    #   puts InVFS.explain("app")
    def explain(feature) = Explanation.new(feature)

    # The directory of the cache.
    # @return [String, nil] nil: the usual one, `$INVFS_CACHE`, `$XDG_CACHE_HOME/invfs` or `~/.cache/invfs`
    def extract_cache = Extract.directory

    # Chooses the directory of the cache, for this process.
    # @param directory [String, #to_path, nil] it need not exist yet; nil: the usual one
    def extract_cache=(directory)
      Extract.directory = directory
    end

    # How many bytes the cache may hold. What living processes have extracted is kept beyond that.
    # @return [Integer] 256 MiB, if nothing else was said
    def extract_cache_limit = Extract.limit

    # Sets the number of bytes that the cache may hold.
    # @param bytes [Integer]
    # @raise [TypeError, ArgumentError] for what is no number of bytes
    def extract_cache_limit=(bytes)
      Extract.limit = bytes
    end
  end
end
