# frozen_string_literal: true

# Packs directories into archives: `invfs pack` as a library.
require_relative "../invfs"
require_relative "own_entries"

# Packing adds this.
module InVFS
  # A directory cannot be packed as it is, or as requested.
  class PackError < Error
  end

  # Packs a directory into a zip archive. See {Pack#initialize} for the options, {Pack#write} for the rest.
  # @return [InVFS::Pack::Summary]
  # @example
  #   require "invfs/pack"
  #   InVFS.pack("app", "app.zip", exclude: ["spec"], compile: true).files #=> 312
  def self.pack(directory, archive, **options, &progress)
    Pack.new(directory, **options).write(archive, &progress)
  end

  # Packs a project (a script, a directory, a gem, what a gemspec or a Gemfile describes) with the gems that it needs.
  # See {Pack::Project#initialize} for the options.
  # @param path [String] the project, or the name of an installed gem
  # @return [InVFS::Pack::Summary]
  # @example
  #   require "invfs/pack"
  #   InVFS.pack_project("shop", "shop.zip", without: ["test"], compile: true)
  def self.pack_project(path, archive, **options, &progress)
    Pack::Project.new(path, **options).write(archive, &progress)
  end

  # A directory to pack.
  #
  # The same files give the same bytes, whatever the locale, the time zone, the umask, the order on disk and the times
  # of the files are: entries are sorted and have the same time; the only permission kept is whether the owner may run
  # the file.
  class Pack
    autoload :Project, "#{__dir__}/pack/project.rb"
    autoload :Standalone, "#{__dir__}/pack/standalone.rb"

    # The time of all entries, unless SOURCE_DATE_EPOCH sets another: the earliest that zip supports.
    TIME = Time.utc(1980).to_i

    # For reading packed files again: there is no reason to distrust their size.
    NO_LIMIT = (1 << 63) - 1
    private_constant :NO_LIMIT

    # @param directory [String] the directory to pack
    # @param include [Array<String>] globs: only files that match one of them are packed
    # @param exclude [Array<String>] globs: files that match one of them are not packed
    # @param follow [Boolean] pack the targets of symbolic links that lead outside, instead of refusing the links
    # @param main [String, nil] the name of the script that `invfs run` runs
    # @param compile [Boolean] also store the compiled form of each .rb file, for this Ruby
    # @param library [Symbol] which files of Ruby's own library are compiled, too: `:needed`, those that the packed
    #   files name in `require`; `:all`, also all of the standard library; `:none`
    # @param method [String, nil] `"deflate"`, `"zstd"` or `"stored"`; nil: deflate, and stored for native extensions
    # @param level [Integer, nil] 0 to 12 for deflate, 1 to 22 for zstd; nil: 6 and 3
    # @param force [Boolean] replace a file that is no archive
    # @param shebang [Boolean] begin with a line that makes the system start `invfs run`, and let the file be executed
    def initialize(directory, include: [], exclude: [], follow: false, main: nil,
                   compile: false, library: :needed, method: nil, level: nil, force: false, shebang: false)
      @directory = directory
      @rules = { include: include, exclude: exclude, follow: follow }
      @main = main
      @compile = compile
      @library = library
      @force = force
      @shebang = shebang
      @compression = [method || "deflate", level]
      # The system's loader gets a copy in memory: what is stored needs only that one.
      @native_compression = method ? @compression : ["stored", nil]
    end

    # Returns what {#write} would pack, and refuses what it would refuse.
    # @param archive [String, nil] the path of the archive, which is not packed into itself; nil: none in particular
    # @return [InVFS::Pack::Summary]
    # @raise as {#write} does
    def plan(archive = nil)
      Output.check(archive, @force) if archive
      with_contents(archive) do |contents|
        rehearse(contents.items, archive) if archive
        Summary.new(contents.items, contents.left_out)
      end
    end

    # Writes the archive. It appears, or replaces the old one, only when it is complete and on disk. After any failure
    # everything is as before.
    # @param archive [String] its path
    # @yieldparam done [Integer] how many steps are done
    # @yieldparam total [Integer] how many steps there are
    # @yieldparam name [String] the next file
    # @return [InVFS::Pack::Summary]
    # @raise [InVFS::PackError] for links that lead outside, a missing main script, or if something else than an archive
    #   would be replaced
    # @raise [SystemCallError] if a file cannot be read or the archive cannot be written
    # @raise [InVFS::UnsafeNameError] for a name that does not belong in an archive
    def write(archive, &progress)
      Output.check(archive, @force)
      time = Pack.time
      with_contents(archive) { |contents| write_contents(contents, archive, time, progress) }
    end

    # Gives the block a new writer. Finishes the archive after the block, or discards it if the block is left early.
    # @return [Object] what the block returns
    # @api private
    def self.replace(archive, like = nil)
      writer = ArchiveWriter.new(archive, like)
      result = yield writer
      writer.finish
      result
    ensure
      writer&.abandon
    end

    # Adds compiled code for this Ruby to an archive, in place: see {Refresh}. Readers of the archive see the old one
    # meanwhile.
    # @param archive [String] its path
    # @param method [String] `"deflate"`, `"zstd"` or `"stored"`
    # @param level [Integer, nil]
    # @param library [Symbol] see {#initialize}
    # @yield as {#write} does
    # @return [InVFS::Pack::Refresh]
    # @raise [InVFS::ArchiveError, SystemCallError] and then the archive is unchanged
    def self.compile(archive, method: "deflate", level: nil, library: :needed, &progress)
      Refresh.new(archive, [method, level], library, &progress)
    end

    # Reads everything in an archive and reports what is wrong.
    # @yield as {#write} does
    # @return [InVFS::Pack::Check]
    # @raise [InVFS::ArchiveError, SystemCallError] if it cannot be opened
    def self.check(archive, &progress) = Check.new(archive, &progress)

    # Writes what is in an archive to a directory: see {Unpack}.
    # @param archive [String] its path
    # @param directory [String] where to write; made if it does not exist
    # @param force [Boolean] write into a directory that is not empty, and replace the files there
    # @yield as {#write} does
    # @return [InVFS::Pack::Unpack]
    # @raise [InVFS::PackError, InVFS::ArchiveError, SystemCallError]
    def self.unpack(archive, directory, force: false, &progress)
      Unpack.new(archive, directory, force: force, &progress)
    end

    # @return [Integer] the time that all entries get
    # @raise [InVFS::PackError] if SOURCE_DATE_EPOCH is not a number
    def self.time
      text = ENV.fetch("SOURCE_DATE_EPOCH", "")
      text.empty? ? TIME : Integer(text, 10)
    rescue ArgumentError
      raise PackError, "SOURCE_DATE_EPOCH is #{text.inspect}: no number of seconds"
    end

    private

    # Gives the block what is packed: `items` and `left_out`.
    def with_contents(archive)
      tree = tree(archive)
      check_main(tree)
      yield tree
    end

    # The script that the archive names.
    def recorded_main = @main && clean(@main)

    def write_contents(contents, archive, time, progress)
      written = Pack.replace(archive, beginning) do |writer|
        entries = Entries.new(writer, time, @compression, @native_compression, progress)
        bytes = entries.add(contents.items, main: recorded_main, compile: @compile)
        { bytes: bytes, **(@compile ? entries.compile(@library) : {}) }
      end
      Output.let_run(archive) if executable?
      Summary.new(contents.items, contents.left_out, **written, archive_size: File.size(archive))
    end

    # An archive whose beginning, before its entries, this one gets, too.
    def beginning = (Shebang.archive if @shebang)

    # Whether the archive is a file to be executed.
    def executable? = @shebang

    def tree(archive, **rules) = Tree.new(@directory, **@rules, **rules, output: archive)

    # Finds out whether the archive could be written, its names are allowed, and its files can be read.
    def rehearse(items, archive)
      writer = ArchiveWriter.new(archive, nil)
      items.each do |item|
        Refusal.naming(item.path || item.name) do
          writer.add(item.name, "", item.mode, TIME, ["stored", nil])
          File.open(item.path, &:close) if item.kind == :file && item.path
        end
      end
    ensure
      writer&.abandon
    end

    def clean(name) = name.b.delete_prefix("./")

    def check_main(tree)
      return unless @main
      return if tree.items.any? { |item| item.name == clean(@main) && item.kind != :directory }

      raise PackError, "#{@main}: the main script is not among the files that are packed"
    end
  end
end

require_relative "pack/summary"
require_relative "pack/check"
require_relative "pack/compiled"
require_relative "pack/compiler"
require_relative "pack/entries"
require_relative "pack/library"
require_relative "pack/output"
require_relative "pack/refresh"
require_relative "pack/refusal"
require_relative "pack/shebang"
require_relative "pack/tree"
require_relative "pack/unpack"
