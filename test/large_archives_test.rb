# frozen_string_literal: true

# A real zip64 archive of more than 4 GiB, sparse, so that it costs next to nothing on disk.
require_relative "test_helper"

class LargeArchivesTest < Minitest::Test
  HUGE = (4 << 30) + 12_345
  FILES = { "before.rb" => "puts :before\n", "after.rb" => "puts :after\n" }.freeze

  def setup
    @directory = File.realpath(Dir.mktmpdir("invfs-large"))
    @path = "#{@directory}/large.zip"
    write_sparse
  rescue Errno::EFBIG, Errno::ENOSPC => e
    skip "no room for a sparse file: #{e.message}"
  end

  def teardown
    FileUtils.rm_rf(@directory)
  end

  def test_entries_before_and_behind_four_gibibytes
    assert_operator File.size(@path), :>, 4 << 30
    fs = InVFS.zip(@path)
    assert_equal %w[before.rb hole after.rb], fs.entries
    assert_equal FILES.values, [fs.read("before.rb"), fs.read("after.rb")]
    assert_equal HUGE, fs.size("hole")
    error = assert_raises(InVFS::EntryTooLargeError) { fs.read("hole") }
    assert_equal [@path, "hole"], [error.archive, error.entry]
  end

  def test_code_is_loaded_from_it
    outcome = RubyProcess.run(*RubyProcess::INVFS, "-e", "$: << #{@path.dump}; require 'before'; require 'after'")
    assert_equal "before\nafter\n", outcome.stdout, outcome
  end

  def test_cut_off_in_the_middle
    File.truncate(@path, 4 << 30)
    assert_raises(InVFS::NotAnArchiveError, InVFS::MalformedArchiveError) { InVFS.zip(@path) }
  end

  private

  # The hole is one stored entry of zeros; its checksum is put together from that of a block.
  def write_sparse
    File.open(@path, "wb") do |file|
      records = [small(file, "before.rb"), hole(file), small(file, "after.rb")]
      start = file.pos
      file.write(records.join)
      finish(file, records.size, start)
    end
  end

  def small(file, name)
    record(file, name, FILES.fetch(name).bytesize, Zlib.crc32(FILES.fetch(name))) { file.write(FILES.fetch(name)) }
  end

  def hole(file)
    record(file, "hole", HUGE, crc_of_zeros(HUGE)) { file.seek(HUGE, IO::SEEK_CUR) }
  end

  # Writes the local header and the data; returns the record for the central directory.
  def record(file, name, size, crc)
    offset = file.pos
    large = ZipBuilder::MAX32
    extra = [1, 16, size, size].pack("vvQ<Q<")
    file.write([ZipBuilder::LOCAL, 45, 0, 0, 0, 0x21, crc, large, large, name.bytesize, extra.bytesize].pack("VvvvvvVVVvv"),
               name, extra)
    yield
    extra = [1, 24, size, size, offset].pack("vvQ<Q<Q<")
    [ZipBuilder::CENTRAL, ZipBuilder::UNIX | 45, 45, 0, 0, 0, 0x21, crc, large, large, name.bytesize, extra.bytesize,
     0, 0, 0, 0, large].pack("VvvvvvvVVVvvvvvVV") + name + extra
  end

  def finish(file, count, start)
    ending = file.pos
    file.write([ZipBuilder::ZIP64_END, 44, 45, 45, 0, 0, count, count, ending - start, start].pack("VQ<vvVVQ<Q<Q<Q<"))
    file.write([ZipBuilder::ZIP64_LOCATOR, 0, ending, 1].pack("VVQ<V"))
    file.write([ZipBuilder::END_OF_DIRECTORY, 0, 0, 0xffff, 0xffff, 0xffffffff, 0xffffffff, 0].pack("VvvvvVVv"))
  end

  def crc_of_zeros(size)
    return Zlib.crc32("\0" * size) if size < 1 << 20

    half = crc_of_zeros(size / 2)
    both = Zlib.crc32_combine(half, half, size / 2)
    size.odd? ? Zlib.crc32_combine(both, Zlib.crc32("\0"), 1) : both
  end
end
