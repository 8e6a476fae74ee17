# frozen_string_literal: true

# Archives that are cut off, damaged, or built to deceive give a documented error, never wrong bytes.
require_relative "test_helper"
require_relative "support/archive_checks"

class HostileArchivesTest < Minitest::Test
  include ArchiveChecks

  NOT_OPENED = [InVFS::NotAnArchiveError, InVFS::MalformedArchiveError].freeze
  STRUCTURE = [InVFS::MalformedArchiveError, InVFS::CorruptEntryError].freeze
  TEXT = "some text " * 50

  FILES = { "a.rb" => "puts 1\n", "lib/b.rb" => "puts 2 # #{"b" * 60}\n", "empty" => "" }.freeze

  def small
    build { |zip| FILES.each { |name, content| zip.add(name, content, deflate: name == "lib/b.rb") } }
  end

  def test_cut_off_at_every_byte
    bytes = small
    (0...bytes.bytesize).each do |size|
      error = assert_raises(*NOT_OPENED, "cut to #{size} bytes") { open_bytes(bytes.byteslice(0, size)) }
      assert_equal PATH, error.archive
    end
  end

  def test_cut_off_at_the_front_at_every_byte
    bytes = small
    (1..bytes.bytesize).each { |size| assert_errors_or_right_bytes(FILES, bytes.byteslice(size..), "#{size} bytes gone") }
  end

  def test_every_bit_flipped
    bytes = small
    (0...bytes.bytesize).each do |position|
      8.times do |bit|
        damaged = bytes.dup
        damaged.setbyte(position, damaged.getbyte(position) ^ (1 << bit))
        assert_errors_or_right_bytes(FILES, damaged, "bit #{bit} of byte #{position}")
      end
    end
  end

  def test_every_byte_overwritten_with_the_extremes
    bytes = small
    (0...bytes.bytesize).each do |position|
      [0x00, 0xff, 0x50].each do |value|
        damaged = bytes.dup
        damaged.setbyte(position, value)
        assert_errors_or_right_bytes(FILES, damaged, "byte #{position} is #{value}")
      end
    end
  end

  def test_every_field_of_four_bytes_overwritten_with_the_extremes
    bytes = small
    (0..bytes.bytesize - 4).each do |position|
      [0, 0x7fffffff, 0xffffffff, bytes.bytesize, bytes.bytesize - 1].each do |value|
        damaged = bytes.dup
        damaged[position, 4] = [value].pack("V")
        assert_errors_or_right_bytes(FILES, damaged, "field at #{position} is #{value}")
      end
    end
  end

  def test_garbage
    random = Random.new(7)
    200.times do |count|
      garbage = random.bytes(random.rand(400))
      garbage << [ZipBuilder::END_OF_DIRECTORY].pack("V") << random.bytes(18) if count.odd?
      assert_errors_or_right_bytes({}, garbage, "garbage #{count}")
    end
  end

  NO_ARCHIVES = {
    "nothing" => "", "text" => "hello", "zeros" => "\0" * 1000, "only an end signature" => "PK\x05\x06", "a gzip file" => "\x1f\x8b\b\0", "a shared object" => "\x7fELF#{"\0" * 60}"
  }.freeze

  NO_ARCHIVES.each do |sentence, bytes|
    define_method("test_#{sentence.tr(" ", "_")}_is_no_archive") do
      error = assert_raises(InVFS::NotAnArchiveError) { open_bytes(bytes.b) }
      assert_equal PATH, error.archive
    end
  end

  # What an entry says of itself, in both places or in one, and the content that is really there.
  LIES = {
    "a wrong checksum" => [{ lie: { crc: 1 } }, [InVFS::CorruptEntryError]],
    "a wrong checksum in the central directory" => [{ central: { crc: 1 } }, STRUCTURE],
    "a wrong checksum in the local header" => [{ local: { crc: 1 } }, STRUCTURE],
    "a size too small" => [{ lie: { size: 10 } }, STRUCTURE],
    "a size too large" => [{ lie: { size: 100_000 } }, STRUCTURE],
    "a size too small in the central directory" => [{ central: { size: 10 } }, STRUCTURE],
    "a size too large in the central directory" => [{ central: { size: 10_000 } }, STRUCTURE],
    "a compressed size too small" => [{ lie: { compressed_size: 5 } }, STRUCTURE],
    "a compressed size too large" => [{ lie: { compressed_size: 100_000 } }, STRUCTURE],
    "a compressed size beyond the file" => [{ lie: { compressed_size: 0x7fffffff } }, STRUCTURE],
    "another name in the local header" => [{ local: { name: "other" } }, STRUCTURE],
    "another method in the local header" => [{ local: { method: 0 } }, STRUCTURE],
    "an offset beyond the file" => [{ central: { offset: 0x7fffffff } }, STRUCTURE],
    "an offset into the data" => [{ central: { offset: 40 } }, STRUCTURE],
    "an unknown method" => [{ lie: { method: 99 } }, [InVFS::UnsupportedArchiveError]],
    "the method deflate64" => [{ lie: { method: 9 } }, [InVFS::UnsupportedArchiveError]],
    "an encrypted entry" => [{ lie: { flags: 1 } }, [InVFS::EncryptedEntryError]],
    "strong encryption" => [{ lie: { flags: 0x41 } }, [InVFS::EncryptedEntryError, InVFS::UnsupportedArchiveError]],
    "a zip64 size without a zip64 field" => [{ lie: { size: 0xffffffff } }, STRUCTURE + [InVFS::EntryTooLargeError]],
    "a broken extra field" => [{ central: { extra: [1, 500].pack("vv"), size: 0xffffffff } }, STRUCTURE + [InVFS::EntryTooLargeError]]
  }.freeze

  LIES.each do |sentence, (lie, classes)|
    define_method("test_#{sentence.tr(" ", "_")}") do
      bytes = build do |zip|
        zip.add("before", "before")
        zip.add("liar", TEXT, deflate: true, **lie)
        zip.add("after", "after")
      end
      error = assert_refused(classes, bytes, "liar")
      assert_includes ["liar", nil], error.entry
    end
  end

  # Where an entry lies about its place, the whole archive may be refused.
  READ_ERRORS = LIES.select { |sentence, _| sentence.match?(/checksum|method|encrypt|a size too/) }.freeze

  def test_a_damaged_entry_leaves_the_others_readable
    READ_ERRORS.each do |sentence, (lie, _)|
      bytes = build do |zip|
        zip.add("before", "before")
        zip.add("liar", TEXT, deflate: true, **lie)
        zip.add("after", "after")
      end
      fs = open_bytes(bytes)
      assert_equal %w[before after], [fs.read("before"), fs.read("after")], sentence
      assert_raises(InVFS::ArchiveError, sentence) { fs.read("liar") }
      assert_equal %w[before after], [fs.read("before"), fs.read("after")], sentence
    end
  end

  def test_data_that_does_not_inflate
    { "garbage" => "\xff" * 50, "nothing" => "", "cut off" => ZipBuilder.deflate(TEXT)[0..-3],
      "with more behind" => "#{ZipBuilder.deflate(TEXT)}junk" }.each do |sentence, raw|
      bytes = build { |zip| zip.add("liar", TEXT, deflate: true, raw: raw) }
      assert_equal "liar", assert_refused([InVFS::CorruptEntryError], bytes, "liar").entry, sentence
    end
  end

  def test_a_bomb_that_says_it_is_small
    bomb = "\0" * (20 << 20)
    bytes = build { |zip| zip.add("bomb", bomb, deflate: true, lie: { size: 100 }) }
    assert_operator bytes.bytesize, :<, 100_000
    assert_refused([InVFS::CorruptEntryError], bytes, "bomb")
  end

  def test_a_bomb_that_says_how_large_it_is
    bytes = build { |zip| zip.add("bomb", "\0" * (20 << 20), deflate: true) }
    error = assert_refused([InVFS::EntryTooLargeError], bytes, "bomb", max_entry_size: (20 << 20) - 1)
    assert_equal "bomb", error.entry
    assert_equal 20 << 20, open_bytes(bytes, max_entry_size: 20 << 20).read("bomb").bytesize
  end

  # The memory is limited, so that believing the number would show.
  def test_a_size_that_the_data_cannot_have_costs_no_memory
    skip "this system has no limits" unless Process.respond_to?(:setrlimit)
    bytes = build { |zip| zip.add("bomb", TEXT, deflate: true, lie: { size: (1 << 30) - 1 }) }
    outcome = RubyProcess.run(*RubyProcess::INVFS, "-e", <<~RUBY, input: bytes)
      $stdin.binmode
      fs = InVFS::ZipFS.from_bytes($stdin.read, to_path: "/z.zip")
      Process.setrlimit(:AS, File.read("/proc/self/statm").to_i * 4096 + (256 << 20)) if File.exist?("/proc/self/statm")
      begin
        fs.read("bomb")
      rescue InVFS::ArchiveError => e
        puts e.class
      end
    RUBY
    assert_match(/\AInVFS::(Corrupt|Malformed)/, outcome.stdout, outcome)
  end

  def test_numbers_of_entries_that_are_not_there
    [0, 1, 2, 4, 0xfffe, 0xffff].each do |count|
      bytes = build(ending: { entries: count }) { |zip| FILES.each { |name, content| zip.add(name, content) } }
      assert_raises(InVFS::MalformedArchiveError, "#{count} entries") { open_bytes(bytes) }
    end
  end

  def test_a_directory_that_is_not_where_it_should_be
    { directory_offset: [0, 1, 1 << 20, 0xfffffffe], directory_size: [0, 1, 1 << 20, 0xfffffffe], disk: [1] }.each do |field, values|
      values.each do |value|
        bytes = build(ending: { field => value }) { |zip| FILES.each { |name, content| zip.add(name, content) } }
        assert_raises(InVFS::MalformedArchiveError, InVFS::UnsupportedArchiveError, "#{field} #{value}") { open_bytes(bytes) }
      end
    end
  end

  def test_two_entries_that_share_their_data
    bytes = build do |zip|
      zip.add("one", TEXT)
      zip.alias_of(0, "two")
    end
    assert_refused([InVFS::MalformedArchiveError, InVFS::CorruptEntryError], bytes, "two")
  end

  def test_an_entry_inside_the_data_of_another
    inner = build { |zip| zip.add("inner", "hidden") }
    bytes = build do |zip|
      zip.add("outer", inner)
      zip.add("inner", "hidden", central: { offset: 35 })
    end
    assert_refused([InVFS::MalformedArchiveError], bytes, "inner")
  end

  def test_many_entries_over_the_same_large_data
    bytes = build do |zip|
      zip.add("n0", "\0" * (1 << 20), deflate: true)
      (1..500).each { |index| zip.alias_of(0, "n#{index}") }
    end
    assert_refused([InVFS::MalformedArchiveError, InVFS::CorruptEntryError], bytes, "n500")
  end
end
