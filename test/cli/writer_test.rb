# frozen_string_literal: true

# InVFS::ArchiveWriter as an object: arguments, states, the garbage collector.
require_relative "cli_helper"
require_relative "../support/gc_stress"

class WriterTest < Minitest::Test
  include CLIHelper
  include GCStress

  def writer(...) = InVFS::ArchiveWriter.new(path("x.zip"), ...)

  def test_everything_at_once
    before = calm { pack({ "old" => "again " * 100, "dir/" => nil }) && InVFS.zip(path("app.zip")) }
    archive = writer
    assert_equal 1, archive.add("a", "A", 0o755, 1_700_000_000, ["stored", nil])
    assert_nil archive.symlink("link", "a", 0)
    assert_nil archive.directory("empty", 0o700, 0)
    assert_nil archive.copy(before, "old")
    assert_nil archive.copy_directories(before)
    assert_nil archive.finish
    assert_equal({ "a" => "A", "link" => "A", "old" => "again " * 100 }, contents("x.zip"))
    assert(%w[empty dir].all? { |name| InVFS.zip(path("x.zip")).directory?(name) })
  end

  WRONG = [
    [TypeError, [nil, "", 0, 0, ["stored", nil]]], [TypeError, ["a", nil, 0, 0, ["stored", nil]]], [TypeError, ["a", "", nil, 0, ["stored", nil]]],
    [TypeError, ["a", "", 0, "x", ["stored", nil]]], [TypeError, ["a", "", 0, 0, nil]], [TypeError, ["a", "", 0, 0, ["stored", "x"]]],
    [RangeError, ["a", "", -1, 0, ["stored", nil]]], [RangeError, ["a", "", 2**40, 0, ["stored", nil]]], [RangeError, ["a", "", 0, 2**70, ["stored", nil]]],
    [ArgumentError, ["a", "", 0, 0, ["lzma", nil]]], [ArgumentError, ["a", "", 0, 0, ["deflate", 99]]], [ArgumentError, ["a"]],
    [InVFS::UnsafeNameError, ["../a", "", 0, 0, ["stored", nil]]], [InVFS::UnsafeNameError, ["", "", 0, 0, ["stored", nil]]],
    [InVFS::UnsafeNameError, ["a\0b", "", 0, 0, ["stored", nil]]]
  ].freeze

  def test_wrong_arguments
    archive = writer
    WRONG.each { |error, arguments| assert_raises(error, arguments.inspect) { archive.add(*arguments) } }
    assert_raises(TypeError) { archive.copy("app.zip", "a") }
    assert_raises(TypeError) { writer("app.zip") }
    assert_raises(TypeError) { InVFS::ArchiveWriter.new(nil) }
    assert_raises(ArgumentError) { InVFS::ArchiveWriter.new("a\0b") }
    assert_raises(TypeError) { InVFS::ArchiveWriter.allocate }
    archive.add("a", "still works", 0, 0, ["stored", nil])
    archive.finish
    assert_equal({ "a" => "still works" }, contents("x.zip"))
  end

  def test_names_twice
    archive = writer
    archive.add("a/b", "", 0, 0, ["stored", nil])
    ["a/b", "a", "a/b/c", "./a//b"].each do |name|
      error = assert_raises(InVFS::DuplicateEntryError) { archive.add(name, "", 0, 0, ["stored", nil]) }
      assert_equal [path("x.zip"), name], [error.archive, error.entry]
    end
    assert_raises(InVFS::DuplicateEntryError) { archive.directory("a/b", 0, 0) }
    archive.directory("a", 0o755, 0)
    assert_raises(InVFS::DuplicateEntryError) { archive.directory("a", 0o755, 0) }
  end

  def test_copying_what_is_not_there
    before = calm { pack({ "a" => "" }) && InVFS.zip(path("app.zip")) }
    archive = writer
    ["none", "../a", "", "a/"].each { |name| assert_raises(Errno::ENOENT, name) { archive.copy(before, name) } }
    before.close
    assert_raises(InVFS::ClosedError) { archive.copy(before, "a") }
    assert_raises(InVFS::ClosedError) { InVFS::ArchiveWriter.new(path("y.zip"), before) }
  end

  def test_forgotten_writers_leave_nothing
    calm do
      20.times { writer.add("a", "x" * 100_000, 0, 0, ["stored", nil]) }
      GC.start
    end
    assert_equal [], tree
  end

  def test_a_frozen_and_a_shared_string
    text = ("x" * 10_000).freeze
    archive = writer
    archive.add("a", text, 0, 0, ["deflate", nil])
    archive.add("b", text[1..], 0, 0, ["deflate", nil])
    archive.finish
    assert_equal [text, text[1..]], contents("x.zip").values
  end
end
