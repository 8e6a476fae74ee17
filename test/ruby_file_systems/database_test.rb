# frozen_string_literal: true

# The store in examples/database: an SQLite database file as a directory.
require_relative "support"
require "tmpdir"

class RubyFileSystemDatabaseTest < RubyFileSystems::Test
  EXAMPLE = "#{RubyProcess::PROJECT}/examples/database".freeze

  def setup
    super
    begin
      require "sqlite3"
    rescue LoadError
      skip "sqlite3 is not installed"
    end
    @directory = Dir.mktmpdir
  end

  def teardown
    super
    FileUtils.rm_rf(@directory) if @directory
  end

  def test_the_program
    outcome = RubyProcess.run("-I#{RubyProcess::LIB}", "#{EXAMPLE}/run.rb", "#{@directory}/notes.db")
    expected = "/notes/done/milk.txt 21\n/notes/logo.bin 3\nBuy milk\nTwo bottles\n"
    assert_equal [0, expected], [outcome.status, outcome.stdout], outcome
    assert_equal [["/done/milk.txt", "Buy milk\nTwo bottles\n"], ["/logo.bin", "\0\xff\0".b]],
                 SQLite3::Database.new("#{@directory}/notes.db").execute("SELECT name, contents FROM files ORDER BY name")
  end

  def test_everything_that_changes
    require "#{EXAMPLE}/sqlite_store"
    root = mount(SQLiteStore.new("#{@directory}/files.db"))
    before = Time.now.to_i
    assert_equal [], Dir.children(root)
    File.write("#{root}/d/a", "one")
    File.write("#{root}/d/a", "two", mode: "a")
    File.open("#{root}/d/a", "r+") { |file| file.write("O") }
    assert_equal ["Onetwo", 6, true], [File.read("#{root}/d/a"), File.size("#{root}/d/a"), File.directory?("#{root}/d")]
    assert_operator File.mtime("#{root}/d/a").to_i, :>=, before
    File.rename("#{root}/d/a", "#{root}/b")
    assert_equal ["b"], Dir.children(root)
    File.delete("#{root}/b")
    assert_equal [], Dir.children(root)
    assert_raises(Errno::ENOENT) { File.read("#{root}/b") }
    assert_raises(Errno::ENOTSUP) { Dir.mkdir("#{root}/d") }
  end

  def test_a_large_file_is_read_in_parts
    require "#{EXAMPLE}/sqlite_store"
    root = mount(SQLiteStore.new("#{@directory}/files.db"))
    contents = Random.new(6).bytes(2_000_000)
    File.binwrite("#{root}/large", contents)
    assert_equal [contents, contents[1_234_567, 100]], [File.binread("#{root}/large"), IO.binread("#{root}/large", 100, 1_234_567)]
  end

  def test_two_processes_append
    require "#{EXAMPLE}/sqlite_store"
    SQLiteStore.new("#{@directory}/files.db")
    code = "require #{"#{EXAMPLE}/sqlite_store".dump}; InVFS.mount('/db', SQLiteStore.new(#{"#{@directory}/files.db".dump})); " \
           "20.times { File.write('/db/log', %(x), mode: 'a') }"
    outcomes = Array.new(2) { Thread.new { program(code) } }.map(&:value)
    assert_equal [0, 0], outcomes.map(&:status), outcomes.join("\n")
    assert_equal "x" * 40, File.read("#{mount(SQLiteStore.new("#{@directory}/files.db"))}/log")
  end
end
