# frozen_string_literal: true

# Archives as files of the operating system: special files, permissions, changes while open, and sheer size.
require_relative "test_helper"
require_relative "support/archive_checks"

class HostileFilesTest < Minitest::Test
  include ArchiveChecks

  def setup
    @directory = File.realpath(Dir.mktmpdir("invfs-files"))
    @path = "#{@directory}/box.zip"
  end

  def teardown
    FileUtils.rm_rf(@directory)
  end

  def test_a_directory_a_missing_file_and_a_path_through_a_file
    ZipBuilder.write(@path, { "a" => "x" })
    assert_includes assert_raises(Errno::EISDIR) { InVFS.zip(@directory) }.message, @directory
    assert_includes assert_raises(Errno::ENOENT) { InVFS.zip("#{@path}.none") }.message, "#{@path}.none"
    assert_raises(Errno::ENOTDIR) { InVFS.zip("#{@path}/a") }
    assert_raises(Errno::ENAMETOOLONG) { InVFS.zip("#{@directory}/#{"n" * 300}") }
  end

  def test_a_link_that_leads_nowhere_and_one_that_leads_in_a_circle
    File.symlink("#{@directory}/nowhere", @path)
    File.symlink("#{@directory}/loop", "#{@directory}/loop")
    assert_raises(Errno::ENOENT) { InVFS.zip(@path) }
    assert_raises(Errno::ELOOP) { InVFS.zip("#{@directory}/loop") }
  end

  def test_a_link_to_an_archive
    ZipBuilder.write(@path, { "a" => "x" })
    File.symlink(@path, "#{@directory}/link.zip")
    assert_equal "x", InVFS.zip("#{@directory}/link.zip").read("a")
  end

  # Opening one for reading waits for a writer; a test that hangs is stopped by the limit of its process.
  def test_special_files_do_not_block
    File.mkfifo("#{@directory}/fifo")
    ["#{@directory}/fifo", "/dev/null", "/dev/zero", "/dev/tty"].select { |path| File.exist?(path) }.each do |path|
      outcome = RubyProcess.run(*RubyProcess::INVFS, "-e", <<~RUBY, seconds: 60)
        begin
          InVFS.zip("#{path}")
        rescue InVFS::NotAnArchiveError, Errno::ENXIO => e
          puts e.message.include?("#{path}"), InVFS::ZipFS.probe("#{path}")
        end
        $: << "#{path}"
        begin
          require "nothing"
        rescue LoadError => e
          puts e.message
        end
      RUBY
      assert_equal "true\nfalse\ncannot load such file -- nothing\n", outcome.stdout, outcome
    end
  end

  def test_a_file_without_permission
    ZipBuilder.write(@path, { "a" => "x" })
    File.chmod(0o000, @path)
    if Process.uid.zero?
      assert_equal "x", InVFS.zip(@path).read("a")
      outcome = as_nobody("begin; InVFS.zip(#{@path.dump}); rescue Errno::EACCES => e; puts e.message; end")
      assert_includes outcome.stdout, @path, outcome
    else
      assert_includes assert_raises(Errno::EACCES) { InVFS.zip(@path) }.message, @path
    end
  end

  def test_an_archive_that_is_replaced_keeps_its_old_contents
    ZipBuilder.write(@path, { "a" => "old" })
    fs = InVFS.zip(@path)
    ZipBuilder.write("#{@path}.new", { "a" => "new", "b" => "new" })
    File.rename("#{@path}.new", @path)
    assert_equal ["old", false], [fs.read("a"), fs.file?("b")]
    assert_equal "new", InVFS.zip(@path).read("b")
    File.unlink(@path)
    assert_equal "old", fs.read("a")
  end

  def test_an_archive_that_is_cut_off_while_open
    ZipBuilder.write(@path, { "first" => "x" * 100, "last" => "y" * 100_000 })
    fs = InVFS.zip(@path)
    File.truncate(@path, 5000)
    error = assert_raises(InVFS::ArchiveChangedError) { fs.read("last") }
    assert_equal [@path, "last"], [error.archive, error.entry]
    File.truncate(@path, 0)
    assert_raises(InVFS::ArchiveChangedError) { fs.read("first") }
  end

  def test_an_archive_that_is_overwritten_in_place
    ZipBuilder.write(@path, { "a" => "old " * 100 })
    fs = InVFS.zip(@path)
    File.open(@path, "r+b") { |file| file.write("\xAA" * File.size(@path)) }
    assert_raises(InVFS::ArchiveChangedError, InVFS::CorruptEntryError, InVFS::MalformedArchiveError) { fs.read("a") }
  end

  def test_an_archive_that_is_overwritten_while_others_read
    contents = %w[old new].map { |word| word * 20_000 }
    bytes = contents.map { |content| ZipBuilder.build { |zip| zip.add("a", content) } }
    File.binwrite(@path, bytes[0])
    fs = InVFS.zip(@path)
    reader = Thread.new do
      Array.new(300) do
        fs.read("a")
      rescue InVFS::ArchiveError => e
        e.class
      end
    end
    50.times { |count| File.open(@path, "r+b") { |file| file.write(bytes[count.even? ? 1 : 0]) } }
    wrong = reader.value.uniq - contents - [InVFS::ArchiveChangedError, InVFS::CorruptEntryError, InVFS::MalformedArchiveError]
    assert_empty wrong
  end

  def test_an_archive_behind_other_bytes
    ["#!/usr/bin/env ruby\nputs 1\n__END__\n", "\0" * 70_000, "PK\x05\x06#{"\0" * 18}"].each do |prefix|
      [true, false].each do |shift|
        bytes = build(prefix: prefix, shift: shift) { |zip| zip.add("a", "x" * 100, deflate: true) }
        fs = open_bytes(bytes)
        assert_equal ["x" * 100, ["a"]], [fs.read("a"), fs.entries], "#{prefix[0, 10].inspect} #{shift}"
      end
    end
  end

  def test_comments
    ending = [ZipBuilder::END_OF_DIRECTORY, 0, 0, 0, 0, 0, 0, 0].pack("VvvvvVVv")
    ["a comment", "c" * 65_535, "PK\x05\x06", "PK\x05\x06 and more"].each do |comment|
      fs = open_bytes(build(comment: comment) { |zip| zip.add("a", "x") })
      assert_equal ["x", ["a"]], [fs.read("a"), fs.entries], comment[0, 20].inspect
    end
    # Other readers take the last end record, and see an empty archive.
    [ending, "before#{ending}", "#{ending}\0\0", "#{ending}after"].each do |comment|
      assert_raises(InVFS::MalformedArchiveError) { open_bytes(build(comment: comment) { |zip| zip.add("a", "x") }) }
    end
  end

  def test_bytes_behind_the_archive
    bytes = build { |zip| zip.add("a", "x") }
    ["\n", "\0" * 100, "PK"].each do |rest|
      fs = open_bytes(bytes + rest)
      assert_equal "x", fs.read("a")
    rescue InVFS::ArchiveError => e
      assert_equal PATH, e.archive
    end
  end

  def test_an_empty_archive
    fs = open_bytes(build { |_| nil })
    assert_equal [[], false, true], [fs.entries, fs.file?("a"), fs.directory?("")]
    assert_raises(Errno::ENOENT) { fs.read("a") }
    zip64 = open_bytes(build(zip64: true) { |_| nil })
    assert_equal [], zip64.entries
  end

  def test_a_hundred_thousand_entries
    bytes = build(zip64: true) { |zip| 100_000.times { |index| zip.add("d#{index % 100}/f#{index}", index.to_s) } }
    fs = open_bytes(bytes)
    assert_equal 100_000, fs.entries.size
    [0, 1, 65_535, 65_536, 99_999].each { |index| assert_equal index.to_s, fs.read("d#{index % 100}/f#{index}") }
    assert_equal [true, false], [fs.directory?("d99"), fs.directory?("d100")]
  end

  def test_more_entries_than_the_old_format_can_count_without_zip64
    bytes = build { |zip| 65_535.times { |index| zip.add(index.to_s, "") } }
    assert_equal 65_535, open_bytes(bytes).entries.size
  rescue InVFS::ArchiveError => e
    assert_equal PATH, e.archive
  end

  def test_zip64_records_of_a_small_archive
    bytes = build(zip64: true, comment: "PK\x05\x06") do |zip|
      zip.add("a", "x" * 50, deflate: true, zip64: true)
      zip.add("b", "y")
    end
    fs = open_bytes(bytes)
    assert_equal ["x" * 50, "y"], [fs.read("a"), fs.read("b")]
  end

  private

  # Runs code in a process that gave up being root.
  def as_nobody(code)
    FileUtils.cp_r(RubyProcess::LIB, "#{@directory}/lib")
    FileUtils.chmod_R("a+rX", @directory)
    File.chmod(0o000, @path)
    RubyProcess.run("-I#{@directory}/lib", "-rinvfs/zip", "-e", "Process::Sys.setuid(65534)\n#{code}", chdir: @directory)
  end
end
