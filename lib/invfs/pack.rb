# frozen_string_literal: true

# Packs directories into archives: what `invfs pack` does, as a library.
require_relative "../invfs"

# What packing adds.
module InVFS
  # A directory cannot be packed as it is, or as it was asked for.
  class PackError < Error
  end

  # Packs a directory into a zip archive: {Pack#initialize} has the options, {Pack#write} the rest.
  # @return [InVFS::Pack::Summary]
  # @example
  #   require "invfs/pack"
  #   InVFS.pack("app", "app.zip", exclude: ["spec"], compile: true).files #=> 312
  def self.pack(directory, archive, **options, &progress)
    Pack.new(directory, **options).write(archive, &progress)
  end

  # A directory that is to be packed.
  #
  # The same files give the same bytes, whatever the locale, the time zone, the umask, the order on disk and the times
  # of the files are: entries are sorted, all have one time, and of the permissions only whether the owner may run it.
  class Pack
    # The entry that names the main script, for `invfs run`.
    MAIN = ".invfs/main"

    # The time of all entries, unless SOURCE_DATE_EPOCH says another: the first that zip knows.
    TIME = Time.utc(1980).to_i

    # What was packed is read again: there is no reason to doubt its size.
    NO_LIMIT = (1 << 63) - 1
    private_constant :NO_LIMIT

    # @param directory [String] what to pack
    # @param include [Array<String>] globs: nothing but what fits one of them is packed
    # @param exclude [Array<String>] globs: what fits one of them is not packed
    # @param follow [Boolean] pack what symbolic links that lead outside lead to, instead of refusing them
    # @param main [String, nil] the name of the script that `invfs run` runs
    # @param compile [Boolean] also store the compiled form of each .rb file, for this Ruby
    # @param method [String, nil] `"deflate"`, `"zstd"` or `"stored"`; nil: deflate, and stored for compiled code
    # @param level [Integer, nil] 0 to 12 for deflate, 1 to 22 for zstd; nil: 6 and 3
    def initialize(directory, include: [], exclude: [], follow: false, main: nil,
                   compile: false, method: nil, level: nil)
      @directory = directory
      @rules = { include: include, exclude: exclude, follow: follow }
      @main = main
      @compile = compile
      @compression = [method || "deflate", level]
      @compiled_compression = method ? @compression : ["stored", nil]
    end

    # Says what {#write} would pack.
    # @param archive [String, nil] where the archive would be: it is not packed into itself
    # @return [InVFS::Pack::Summary]
    def plan(archive = nil)
      tree = tree(archive)
      check_main(tree)
      Summary.new(tree.items, tree.left_out)
    end

    # Writes the archive. It appears, or replaces what was there, only when it is whole and on the disk; after any
    # failure everything is as before.
    # @param archive [String] its path
    # @yieldparam done [Integer] how many steps are done
    # @yieldparam total [Integer] how many there are
    # @yieldparam name [String] the file that is next
    # @return [InVFS::Pack::Summary]
    # @raise [InVFS::PackError] for links that lead outside, for a main script that is not there
    # @raise [SystemCallError] when a file cannot be read or the archive cannot be written
    # @raise [InVFS::UnsafeNameError] for a name that no archive should have
    def write(archive, &progress)
      tree = tree(archive)
      check_main(tree)
      summary = Summary.new(tree.items, tree.left_out)
      time = Pack.time
      bytes = 0
      Pack.replace(archive) do |writer|
        entries = Entries.new(writer, time, @compression, progress)
        bytes = entries.add(tree.items, main: @main && clean(@main), compile: @compile)
        entries.compile(@compiled_compression, summary) if @compile
      end
      summary.written(bytes, File.size(archive))
      summary
    end

    # Gives the block a new writer; the archive is finished after it, or given up if it is left early.
    # @api private
    def self.replace(archive, like = nil)
      writer = ArchiveWriter.new(archive, like)
      yield writer
      writer.finish
    ensure
      writer&.abandon
    end

    # Adds compiled code for this Ruby to an archive, in its place: see {Refresh}. Whoever reads the archive meanwhile
    # sees the old one.
    # @param archive [String] its path
    # @param method [String] `"stored"`, `"deflate"` or `"zstd"`
    # @param level [Integer, nil]
    # @yield what {#write} yields
    # @return [InVFS::Pack::Refresh]
    # @raise [InVFS::ArchiveError, SystemCallError] and then the archive is as it was
    def self.compile(archive, method: "stored", level: nil, &progress)
      Refresh.new(archive, [method, level], &progress)
    end

    # Reads everything in an archive, and says what is wrong.
    # @yield what {#write} yields
    # @return [InVFS::Pack::Check]
    # @raise [InVFS::ArchiveError, SystemCallError] when it cannot be opened
    def self.check(archive, &progress) = Check.new(archive, &progress)

    # What an entry holds compiled code for, to go by its name.
    # @return [Array(String, String), nil] the key of the Ruby and the name of the source, in binary
    def self.compiled_form(name) = Compiled.parse(name)

    # @return [Integer] the time that all entries get
    # @raise [InVFS::PackError] when SOURCE_DATE_EPOCH is no number
    def self.time
      text = ENV.fetch("SOURCE_DATE_EPOCH", "")
      text.empty? ? TIME : Integer(text, 10)
    rescue ArgumentError
      raise PackError, "SOURCE_DATE_EPOCH is #{text.inspect}: no number of seconds"
    end

    private

    def tree(archive) = Tree.new(@directory, **@rules, output: archive)

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
require_relative "pack/refresh"
require_relative "pack/tree"
