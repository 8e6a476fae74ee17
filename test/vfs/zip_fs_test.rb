# frozen_string_literal: true

# InVFS::ZipFS: a zip archive, from a file or from bytes.
require_relative "../test_helper"
require_relative "../support/vfs_test"
require "pathname"

class ZipFSTest < Minitest::Test
  include VFSTest

  def make(files)
    InVFS.zip(archive(files))
  end

  def test_every_way_to_open_gives_a_zip_fs
    path = archive(FILES)
    bytes = File.binread(path)
    [InVFS.zip(path), InVFS::ZipFS.new(path), InVFS::ZipFS.open(path), InVFS::Zip.new(path),
     InVFS::ZipFS.from_bytes(bytes, to_path: "/in/memory.zip")].each do |fs|
      assert_instance_of InVFS::ZipFS, fs
      assert_equal "puts 1\n", fs.read("a.rb")
    end
  end

  def test_paths_that_convert_themselves
    path = archive(FILES)
    [Pathname(path), Class.new { define_method(:to_path) { path } }.new].each do |given|
      assert_equal "puts 1\n", InVFS.zip(given).read("a.rb")
    end
  end

  def test_to_path_is_the_path_as_given_and_path_too
    path = archive(FILES)
    Dir.chdir(@directory) do
      assert_equal File.basename(path), InVFS.zip(File.basename(path)).to_path
    end
    fs = InVFS.zip(path)
    assert_equal [path, path], [fs.to_path, fs.path]
    refute_predicate path, :frozen?
  end

  def test_a_relative_path_keeps_its_meaning_after_chdir
    path = archive(FILES)
    fs = Dir.chdir(@directory) { InVFS.zip(File.basename(path)) }
    assert_equal "puts 1\n", fs.read("a.rb")
  end

  def test_missing_entries
    %i[size read].each do |method|
      error = assert_raises(Errno::ENOENT) { @fs.public_send(method, "nothing") }
      assert_includes error.message, "nothing"
      assert_includes error.message, @fs.to_path
      ["../a.rb", "/a.rb", "a.rb/", "a.rb/x"].each do |name|
        assert_raises(Errno::ENOENT, name) { @fs.public_send(method, name) }
      end
    end
  end

  def test_directories_cannot_be_read
    %i[size read].each do |method|
      error = assert_raises(Errno::EISDIR) { @fs.public_send(method, "lib") }
      assert_includes error.message, "lib"
    end
  end

  def test_files_that_cannot_be_opened
    missing = assert_raises(Errno::ENOENT) { InVFS.zip("#{@directory}/nothing.zip") }
    assert_includes missing.message, "#{@directory}/nothing.zip"
    assert_includes assert_raises(Errno::EISDIR) { InVFS.zip(@directory) }.message, @directory
    File.write("#{@directory}/text", "text")
    assert_raises(InVFS::NotAnArchiveError) { InVFS.zip("#{@directory}/text") }
    assert_raises(ArgumentError) { InVFS.zip("a\0b") }
    [nil, 1, :a, Object.new].each { |value| assert_raises(TypeError) { InVFS.zip(value) } }
  end

  def test_probe
    File.write("#{@directory}/text", "text")
    File.write("#{@directory}/empty", "")
    answers = [archive(FILES), "#{@directory}/text", "#{@directory}/empty", @directory, "#{@directory}/nothing"]
    assert_equal [true, false, false, false, false], answers.map { |path| InVFS::ZipFS.probe(path) }
  end

  def test_entries_come_in_the_order_of_the_archive
    files = %w[z.rb a.rb m/x m/a 0].to_h { |name| [name, name] }
    assert_equal files.keys, make(files).entries
  end

  def test_stored_and_deflated_entries_and_data_descriptors
    text = "text " * 2000
    bytes = calm do
      ZipBuilder.build do |zip|
        zip.add("stored", text)
        zip.add("deflated", text, deflate: true)
        zip.add("described", text, deflate: true, descriptor: true)
        zip.add("empty", "", deflate: true)
        zip.add("zip64", text, zip64: true)
      end
    end
    fs = InVFS::ZipFS.from_bytes(bytes, to_path: "/m.zip")
    %w[stored deflated described zip64].each { |name| assert_equal text, fs.read(name), name }
    assert_equal ["", 10_000], [fs.read("empty"), fs.size("deflated")]
  end

  def test_directories_exist_with_and_without_a_record
    bytes = ZipBuilder.build do |zip|
      zip.directory("recorded/")
      zip.directory("deep/er/")
      zip.add("implied/a", "x")
    end
    fs = InVFS::ZipFS.from_bytes(bytes, to_path: "/m.zip")
    assert_equal [true, true, true, true], %w[recorded deep deep/er implied].map { |name| fs.directory?(name) }
    assert_equal [false, ["implied/a"]], [fs.file?("recorded"), fs.entries]
  end

  def test_names_that_are_no_utf8_are_binary
    fs = make({ "caf\xE9.rb".b => "x" })
    assert_equal [["caf\xE9.rb".b], Encoding::BINARY], [fs.entries, fs.entries[0].encoding]
    assert_equal "x", fs.read("caf\xE9.rb")
    assert_includes fs.inspect, fs.to_path
  end

  def test_close
    assert_equal false, @fs.closed?
    @fs.close
    assert_equal true, @fs.closed?
    %i[size read].each do |method|
      error = assert_raises(InVFS::ClosedError) { @fs.public_send(method, "a.rb") }
      assert_includes error.message, @fs.to_path
    end
    @fs.close
    assert_includes @fs.inspect, "closed"
    assert_kind_of String, @fs.to_path
  end

  def test_closing_while_others_read
    readers = Array.new(4) do
      Thread.new do
        loop { @fs.read("lib/b.rb") == "puts 2\n" or raise "wrong bytes" }
      rescue InVFS::ClosedError => e
        e.class
      end
    end
    Thread.pass
    @fs.close
    assert_equal [InVFS::ClosedError], readers.map(&:value).uniq
  end

  def test_closing_gives_the_descriptor_back
    skip "no /proc here" unless File.directory?("/proc/self/fd")
    GC.start
    before = Dir.children("/proc/self/fd").size
    archives = Array.new(20) { make(FILES) }
    assert_operator Dir.children("/proc/self/fd").size, :>=, before
    archives.each(&:close)
    assert_operator Dir.children("/proc/self/fd").size, :<=, before
  end

  def test_the_descriptor_is_not_inherited
    skip "no /proc here" unless File.directory?("/proc/self/fd")
    list = "puts Dir.children('/proc/self/fd').map { |fd| File.readlink('/proc/self/fd/' + fd) rescue 0 }"
    names = IO.popen([RbConfig.ruby, "--disable-gems", "-e", list], close_others: false, &:read)
    refute_includes names, @fs.path
  end

  def test_from_bytes_keeps_its_own_copy
    bytes = File.binread(archive(FILES))
    fs = InVFS::ZipFS.from_bytes(bytes, to_path: "/m.zip")
    bytes.replace("x" * bytes.bytesize)
    assert_equal ["puts 1\n", "/m.zip"], [fs.read("a.rb"), fs.to_path]
    assert_raises(ArgumentError) { InVFS::ZipFS.from_bytes(bytes) }
    assert_raises(TypeError) { InVFS::ZipFS.from_bytes(nil, to_path: "/m.zip") }
  end

  def test_the_largest_entry_that_is_read
    path = archive({ "ten" => "0123456789", "eleven" => "0123456789a" })
    fs = InVFS.zip(path, max_entry_size: 10)
    assert_equal ["0123456789", 11], [fs.read("ten"), fs.size("eleven")]
    error = assert_raises(InVFS::EntryTooLargeError) { fs.read("eleven") }
    assert_equal [path, "eleven"], [error.archive, error.entry]
    [-1, "x"].each { |limit| assert_raises(ArgumentError, TypeError, RangeError) { InVFS.zip(path, max_entry_size: limit) } }
    assert_raises(ArgumentError) { InVFS.zip(path, unknown: 1) }
  end

  def test_the_methods_of_enumerable_are_there_or_cleanly_not
    names = @fs.each.select { |name| name.end_with?(".rb") }
    assert_equal %w[a.rb lib/b.rb], names
  end

  private

  def archive(files)
    @count = (@count || 0) + 1
    calm { ZipBuilder.write("#{@directory}/box#{@count}.zip", files) }
  end
end
