# frozen_string_literal: true

# InVFS.extract: makes real files from files of a VFS, for programs that cannot see into one.
module InVFS
  # The implementation of {InVFS.extract}: finds the contents of a path, and a place on disk for them.
  #
  # @api private
  module Extract
    autoload :Cache, "#{__dir__}/extract/cache.rb"
    autoload :CacheDirectory, "#{__dir__}/extract/cache_directory.rb"
    autoload :Lease, "#{__dir__}/extract/lease.rb"
    autoload :MountedSource, "#{__dir__}/extract/sources.rb"
    autoload :Store, "#{__dir__}/extract/store.rb"
    autoload :Sweep, "#{__dir__}/extract/sweep.rb"
    autoload :Tree, "#{__dir__}/extract/tree.rb"
    autoload :VirtualSource, "#{__dir__}/extract/sources.rb"

    # The default limit of the cache, in bytes.
    LIMIT = 256 << 20

    @mutex = Mutex.new
    @limit = LIMIT
    # Former stores. Their files may still be in use, so their leases continue.
    @former = []

    class << self
      # @return [String, nil] the requested directory; nil: the default
      attr_reader :directory

      # @return [Integer] the bytes that the cache may hold
      attr_reader :limit

      def directory=(directory)
        directory = directory.nil? ? nil : File.expand_path(directory)
        @mutex.synchronize do
          @directory = directory
          drop_store
        end
      end

      def limit=(bytes)
        raise TypeError, "a number of bytes is needed, not #{bytes.inspect}" unless bytes.is_a?(Integer)
        raise ArgumentError, "the limit cannot be negative: #{bytes}" if bytes.negative?

        @mutex.synchronize do
          @limit = bytes
          drop_store
        end
      end

      # See {InVFS.extract}.
      def path(path)
        given = File.path(path)
        source = source(File.absolute_path(given))
        case source&.kind
        when :file
          contents = source.read
          keep { |store| store.file(source.name, contents, executable: source.executable?) }
        when :directory
          tree = Tree.new(source)
          keep { |store| store.tree(source.name, tree) }
        else
          # A path of the operating system, which raises if nothing is there; a link without its target counts as
          # nothing.
          source ? existing(given) : File.lstat(given)
          given
        end
      end

      private

      def existing(path)
        File.stat(path)
      rescue Errno::ELOOP
        raise Errno::ENOENT, path
      end

      # The contents at an absolute path that no other program can see; nil if the path is in no VFS.
      def source(path)
        return MountedSource.new(path) if MountedSource.under?(path)

        place = InVFS.locate(path) || through_link(path)
        place && VirtualSource.new(*place, path)
      end

      # The target of real links.
      def through_link(path)
        InVFS.locate(File.realpath(path))
      rescue SystemCallError
        # Nothing is there: the next call reports it.
        nil
      end

      # Yields the cache or, if that fails (a full disk, say), a directory of this process.
      def keep
        store = @mutex.synchronize { store() }
        begin
          yield store
        rescue SystemCallError => e
          raise unless store.is_a?(Cache)

          yield(@mutex.synchronize { @store = without_cache(e) })
        end
      end

      # The cache, or its replacement. A forked child gets its own, because the parent removes its replacement when it
      # exits.
      def store
        drop_store if @pid != Process.pid
        @pid = Process.pid
        @store ||= open_store
      end

      def open_store
        Cache.new(CacheDirectory.open(@directory), @limit)
      rescue SystemCallError, CacheDirectory::Unsafe => e
        without_cache(e)
      end

      def without_cache(error)
        warn "invfs: no cache for extracted files: #{error.message}" if $VERBOSE
        Store.temporary
      end

      def drop_store
        @former << @store if @store
        @store = nil
      end
    end
  end
  private_constant :Extract
end
