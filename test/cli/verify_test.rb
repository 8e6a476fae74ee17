# frozen_string_literal: true

# The findings of `invfs verify`.
require_relative "cli_helper"

class VerifyTest < Minitest::Test
  include CLIHelper

  KEY = InVFS::CompiledCode.key

  def form(name, key = KEY) = ".invfs/#{key}/#{name}.iseq"

  # An archive with one good entry, and the one that the block adds.
  def build(**options)
    File.binwrite(path("app.zip"), ZipBuilder.build(**options) do |zip|
      zip.add("good.rb", "p 1")
      yield zip if block_given?
    end)
  end

  # Verifying finds just these: [name, reason].
  def assert_broken(*expected)
    outcome = invfs("verify", "app.zip")
    lines = outcome.stderr.lines(chomp: true)
    assert_equal 1, outcome.status, outcome
    assert_empty outcome.stdout
    expected.zip(lines) { |(name, reason), line| assert_match(/\Ainvfs: app\.zip: #{Regexp.escape(name)}: .*#{reason}/, line.to_s) }
    assert_equal expected.size + 1, lines.size, outcome
    assert_match(/\Ainvfs: app\.zip: #{expected.size} of \d+ entr(y|ies) broken\z/, lines.last)
  end

  def test_a_good_archive
    pack({ "a.rb" => "A = 1", "b" => "again " * 100, "link" => :b, "dir" => :sub, "sub/x" => "" }, compile: true, main: "a.rb")
    assert_success invfs("verify", "app.zip"), "app.zip: 7 entries, all good\n"
    assert_success invfs("verify", "app.zip", "--quiet"), ""
    build
    assert_success invfs("verify", "app.zip"), "app.zip: 1 entry, all good\n"
  end

  def test_archives_of_other_programs
    write({ "a" => "again " * 100, "b/c" => "" })
    skip "there is no zip" unless system("zip", "-qr", path("app.zip"), "a", "b", chdir: path("app"))
    assert_success invfs("verify", "app.zip"), "app.zip: 2 entries, all good\n"
  end

  LIES = {
    "crc" => [{ lie: { crc: 1 } }, /CRC-32/], "size" => [{ lie: { size: 9 } }, /9 bytes/], "encrypted" => [{ lie: { flags: 1 } }, /encrypted/],
    "method" => [{ lie: { method: 99 } }, /method 99/], "headers" => [{ local: { crc: 7 } }, /differ about the CRC-32/],
    "deflate" => [{ lie: { method: 8 } }, /damaged|cannot become|shorter|longer/]
  }.freeze

  LIES.each do |name, (lie, reason)|
    define_method("test_a_broken_entry_#{name}") do
      build { |zip| zip.add("dir/#{name}", "contents", **lie) }
      assert_broken ["dir/#{name}", reason]
    end
  end

  def test_all_that_is_broken_is_named
    build do |zip|
      zip.add("one", "x", lie: { crc: 1 })
      zip.add("fine", "x")
      zip.add("two\nlines", "x", lie: { crc: 2 })
    end
    assert_broken ["one", /CRC/], ["two\\nlines", /CRC/]
  end

  def test_names_that_are_refused
    build do |zip|
      zip.add("lib\\x.rb", "x")
      zip.add("fine", "x")
      zip.add("crc", "x", lie: { crc: 1 })
      zip.add("link", "lib\\x.rb", symlink: true)
    end
    assert_broken ["lib\\x.rb", /backslash/], ["crc", /CRC/], ["link", /backslash/]
    assert_match(/3 of 5 entries broken/, invfs("verify", "app.zip").stderr)
  end

  def test_what_is_no_archive_at_all
    ["no archive", "", ZipBuilder.build { |zip| zip.add("a", "x") }[..-5]].each do |bytes|
      File.binwrite(path("app.zip"), bytes)
      assert_failure invfs("verify", "app.zip"), 1, /app\.zip/
    end
    assert_failure invfs("verify", "."), 1, /directory/
  end

  def test_links
    build do |zip|
      zip.add("ok", "good.rb", symlink: true)
      zip.add("nothing", "none", symlink: true)
      zip.add("loop", "loop", symlink: true)
    end
    assert_success invfs("verify", "app.zip"), "app.zip: 4 entries, all good; 2 links lead to nothing: nothing\n"
    build { |zip| zip.add("out", "../x", symlink: true) && zip.add("abs", "/etc/passwd", symlink: true) }
    assert_broken ["out", /leads out/], ["abs", /leads out/]
    build { |zip| zip.add("crc", "good.rb", symlink: true, lie: { crc: 1 }) }
    assert_broken ["crc", /CRC/]
  end

  def test_the_main_script
    build { |zip| zip.add(".invfs/main", "good.rb\n") }
    assert_success invfs("verify", "app.zip")
    build { |zip| zip.add(".invfs/main", "none.rb\n") }
    assert_broken [".invfs/main", /none\.rb.*not there/]
  end

  def test_compiled_code
    good = InVFS::CompiledCode.build("p 1")
    build { |zip| [KEY, "9.9-of-another-ruby"].each { |key| zip.add(form("good.rb", key), good) } }
    assert_success invfs("verify", "app.zip")
    [InVFS::CompiledCode.build("p 2"), "", "x" * 1000, good[..-2], good[1..]].each do |bytes|
      build { |zip| zip.add(form("good.rb"), bytes) }
      assert_broken [form("good.rb"), /another source.*invfs compile/]
    end
    build { |zip| zip.add(form("gone.rb"), good) }
    assert_broken [form("gone.rb"), /without a source.*gone\.rb/]
    build { |zip| zip.add(".invfs/#{KEY}/other", "x") }
    assert_success invfs("verify", "app.zip")
  end

  # The CRC covers the code itself, and it is not loaded: that could crash.
  def test_compiled_code_is_not_loaded
    good = InVFS::CompiledCode.build("p 1")
    evil = good.dup.tap { |bytes| bytes[40, 40] = "\xFF".b * 40 }
    build { |zip| zip.add(form("good.rb"), evil) }
    assert_includes [0, 1], invfs("verify", "app.zip").status
  end

  def test_a_large_entry_is_read_whatever_the_limit_for_loading_is
    build { |zip| zip.add("large", "\0" * 5_000_000, deflate: true) }
    assert_success invfs("verify", "app.zip", env: { "RUBY_REQUIRE_INVFS_MAX_LOADSIZE" => "300k" })
  end

  # Every byte of a small archive matters, but for times, versions and the like.
  def test_any_flipped_byte_of_the_contents_is_found
    pack({ "a" => "again " * 20, "b" => "x" * 30 })
    bytes = File.binread(path("app.zip"))
    contents = ["x" * 30].map { |text| bytes.index(text) }
    contents.each do |at|
      (at...at + 30).each do |place|
        File.binwrite(path("app.zip"), bytes.dup.tap { |flipped| flipped.setbyte(place, flipped.getbyte(place) ^ 4) })
        refute_predicate InVFS::Pack.check(path("app.zip")), :good?, place
      end
    end
  end
end
