# frozen_string_literal: true

# What people write first: arguments that are almost right are taken, or the error says what to write.
require_relative "test_helper"
require "fileutils"
require "tmpdir"

class FirstMistakesTest < Minitest::Test
  FILES = { "main.rb" => "MAIN = __FILE__", "lib/thing.rb" => "THING = __FILE__", "inner.zip" => nil }.freeze

  def setup
    @dir = File.realpath(Dir.mktmpdir("invfs-mistakes"))
    inner = ZipBuilder.build { |zip| zip.add("deep.rb", "DEEP = 1") }
    bytes = ZipBuilder.build { |zip| FILES.each { |name, text| zip.add(name, text || inner) } }
    File.binwrite("#{@dir}/app.zip", bytes)
    FileUtils.mkdir_p("#{@dir}/tree/lib")
    File.write("#{@dir}/tree/lib/thing.rb", "THING = __FILE__")
    File.write("#{@dir}/notes.txt", "notes")
  end

  def teardown
    FileUtils.rm_rf(@dir)
  end

  # Runs the program in the directory with the files, and returns what it printed.
  def output(program, *options, require: "invfs")
    program = <<~RUBY
      def attempt
        yield
      rescue Exception => e
        puts "\#{e.class}: \#{e.message.gsub(/0x\\h+/, "0x")}"
      end
      #{program}
    RUBY
    outcome = RubyProcess.run("-w", "-I#{RubyProcess::PROJECT}/lib", "--disable=did_you_mean", "-r#{require}", *options, "-", input: program, chdir: @dir)
    assert_equal ["", 0], [outcome.stderr, outcome.status], outcome
    outcome.stdout.gsub(@dir, "<dir>")
  end

  def mounts = RUBY_PLATFORM.include?("linux") || skip("mounts are for Linux")

  def test_paths_and_hashes_are_mounted
    mounts
    assert_equal <<~TEXT, output(<<~'RUBY')
      "/1" ["inner.zip", "lib", "main.rb"] InVFS::ZipFS
      "/2" ["inner.zip", "lib", "main.rb"] InVFS::ZipFS
      "/3" ["lib"] InVFS::UnionFS
      "/4" ["thing.rb"] InVFS::SubFS
      "/5" ["thing.rb"] InVFS::SubFS
      "/6" ["deep.rb"] InVFS::ZipFS
      "/7" ["a"] InVFS::StringMapFS
      "MAIN = __FILE__"
      "<dir>/written/new"
    TEXT
      require "pathname"
      objects = ["app.zip", Pathname("app.zip"), "tree", "app.zip/lib", "/1/lib", "/1/inner.zip", { "a" => "b" }]
      objects.each.with_index(1) do |object, n|
        at = InVFS.mount("/#{n}", object)
        puts "#{at.inspect} #{Dir.children(at).sort} #{InVFS.mounts[at].class}"
      end
      p File.read("/1/main.rb")
      InVFS.mount("/8", "app.zip", writable: "written")
      File.write("/8/new", "")
      p File.realpath("written/new")
    RUBY
  end

  def test_a_handler_opens_the_path_that_is_mounted
    mounts
    assert_equal <<~TEXT, output(<<~'RUBY')
      notes
      InVFS::NotAnArchiveError: <dir>/tree/lib/thing.rb: not a zip archive: no end of central directory record
    TEXT
      notes = Module.new do
        def self.probe(path) = path.end_with?(".txt")
        def self.open(path) = InVFS.stringmap({ "text" => File.read(path) })
      end
      InVFS.register(notes)
      InVFS.mount("/notes", "notes.txt")
      puts File.read("/notes/text")
      attempt { InVFS.mount("/x", "tree/lib/thing.rb") }
    RUBY
  end

  def test_what_cannot_be_mounted_is_named
    mounts
    assert_equal <<~'TEXT', output(<<~'RUBY')
      Errno::ENOENT: No such file or directory - none.zip
      TypeError: cannot mount #<File:app.zip>, an open file: give its path instead, or InVFS::ZipFS.from_bytes(io.read, to_path: "app.zip")
      TypeError: cannot mount #<StringIO:0x>, an open file: give its path instead, or InVFS::ZipFS.from_bytes(io.read, to_path: "app.zip")
      TypeError: cannot mount 1: a VFS needs to_path, file?, size and read; a file system needs read, list, stat or write; the path of an archive or a directory will do, and a Hash
      TypeError: no implicit conversion of Integer into String
      ArgumentError: wrong number of arguments (given 1, expected 2, or a block); a Hash needs its braces
      ArgumentError: /blocks/dir lies in the mount at /blocks, which is no VFS
      {}
    TEXT
      require "stringio"
      attempt { InVFS.mount("/app", "none.zip") }
      attempt { InVFS.mount("/app", File.open("app.zip")) }
      attempt { InVFS.mount("/app", StringIO.new("x")) }
      attempt { InVFS.mount("/app", 1) }
      attempt { InVFS.mount(1, "app.zip") }
      attempt { InVFS.mount("/app", "a" => "b") }
      InVFS.mount("/blocks") { |op, path, **| path == "/dir" ? [] : %w[dir] if op == :list }
      attempt { InVFS.mount("/app", "/blocks/dir") }
      InVFS.unmount("/blocks")
      p InVFS.mounts
    RUBY
  end

  def test_swapped_arguments
    mounts
    swapped = "ArgumentError: the arguments are swapped: first where, then what: InVFS.mount(\"/app\", "
    assert_equal <<~TEXT, output(<<~'RUBY')
      #{swapped}#<InVFS::ZipFS app.zip (3 files)>)
      #{swapped}{…})
      #{swapped}"app.zip")
      #{swapped}#<Settings>)
      {}
    TEXT
      class Settings < InVFS::Base
        def inspect = "#<Settings>"
      end
      attempt { InVFS.mount(InVFS.zip("app.zip"), "/app") }
      attempt { InVFS.mount({ "a" => "b" }, "/app") }
      attempt { InVFS.mount("app.zip", "/app") }
      attempt { InVFS.mount(Settings.new, "/app") }
      p InVFS.mounts
    RUBY
  end

  # A VFS has a path, too: that is where it is mounted then.
  def test_a_vfs_says_where
    mounts
    assert_equal "\"<dir>/app.zip\"\n1\n", output(<<~'RUBY')
      p InVFS.mount(InVFS.zip("app.zip"), InVFS.stringmap({ "a" => "1" }))
      puts File.read("app.zip/a")
    RUBY
  end

  def test_layers_of_a_union
    assert_equal <<~TEXT, output(<<~'RUBY')
      ["a", "inner.zip", "lib/thing.rb", "main.rb"]
      [{"a"=>"b"}, "app.zip", "tree"]
      InVFS::NotAnArchiveError: notes.txt: not a zip archive: no end of central directory record
    TEXT
      union = InVFS.union({ "a" => "b" }, "app.zip", "tree")
      GC.start
      p union.entries
      puts union.dirs.inspect.gsub(" => ", "=>")
      attempt { InVFS.union("notes.txt") }
    RUBY
  end

  def test_an_archive_for_a_block
    assert_equal <<~TEXT, output(<<~'RUBY')
      "MAIN = __FILE__"
      #<InVFS::ZipFS app.zip (closed)>
      :thrown
      true
      nil
      true
      RuntimeError: x
      true
      InVFS::ClosedError: app.zip: the archive is closed
      #<InVFS::ZipFS app.zip (3 files)>
    TEXT
      last = nil
      p InVFS.zip("app.zip") { |zip| (last = zip).read("main.rb") }
      p last
      p catch(:done) { InVFS::ZipFS.open("app.zip") { |zip| last = zip; throw :done, :thrown } }
      p last.closed?
      p(InVFS.zip("app.zip", max_entry_size: 9) { |zip| last = zip; break })
      p last.closed?
      attempt { InVFS.zip("app.zip") { |zip| last = zip; raise "x" } }
      p last.closed?
      attempt { InVFS.zip("app.zip") { |zip| zip.close; zip.entries } }
      p InVFS.zip("app.zip")
    RUBY
  end

  def test_bytes_and_open_files_in_place_of_a_path
    instead = 'write InVFS::ZipFS.from_bytes(bytes, to_path: "app.zip")'
    assert_equal <<~TEXT, output(<<~'RUBY')
      ArgumentError: these are the bytes of an archive, not its path; #{instead}
      TypeError: #<StringIO:0x> is no path; for an archive in memory #{instead}
      #<InVFS::ZipFS app.zip (3 files)>
      TypeError: no implicit conversion of nil into String
      ArgumentError
      TypeError: "app.zip" is no VFS: to_path, file?, size and read are needed
    TEXT
      require "stringio"
      bytes = File.binread("app.zip")
      attempt { InVFS.zip(bytes) }
      attempt { InVFS.zip(StringIO.new(bytes)) }
      p InVFS.zip(File.open("app.zip"))
      attempt { InVFS.zip(nil) }
      InVFS.zip("a\0b") rescue p $!.class
      attempt { InVFS.root("app.zip") }
    RUBY
  end

  HINT = "makes paths of zip archives work in $LOAD_PATH)"

  def test_an_archive_in_the_load_path_without_its_handler
    program = <<~'RUBY'
      names = %w[thing thing.rb ../main none]
      $: << "app.zip/lib"
      names.each { |name| attempt { require name } }
      $:.replace(["#{Dir.pwd}/app.zip", "notes.txt", 5].first(2))
      attempt { load "main.rb" }
      attempt { load "main" }
      begin
        require "main"
      rescue LoadError => e
        p e.path
      end
    RUBY
    expected = <<~TEXT
      LoadError: cannot load such file -- thing (<dir>/app.zip has lib/thing.rb; require "invfs/zip" #{HINT}
      LoadError: cannot load such file -- thing.rb (<dir>/app.zip has lib/thing.rb; require "invfs/zip" #{HINT}
      LoadError: cannot load such file -- ../main
      LoadError: cannot load such file -- none
      LoadError: cannot load such file -- main.rb (<dir>/app.zip has main.rb; require "invfs/zip" #{HINT}
      LoadError: cannot load such file -- main
      "main"
    TEXT
    assert_equal expected, output(program)
    assert_equal expected, output(program, "--disable=gems")
  end

  def test_no_hint_where_the_handler_is_there_or_the_archive_is_broken
    assert_equal "LoadError: cannot load such file -- none\n", output('$: << "app.zip"; attempt { require "none" }', require: "invfs/zip")
    File.binwrite("#{@dir}/app.zip", File.binread("#{@dir}/app.zip").sub("main.rb", "../m.rb"))
    File.truncate("#{@dir}/app.zip", 50)
    assert_equal "LoadError: cannot load such file -- main\n", output('$: << "app.zip"; attempt { require "main" }')
  end
end
