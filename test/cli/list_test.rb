# frozen_string_literal: true

# The output of `invfs list`, and InVFS::ArchiveEntry.
require_relative "cli_helper"

class ListTest < Minitest::Test
  include CLIHelper

  KEY = InVFS::CompiledCode.key
  VERSION = KEY[/\A[^-]*/]

  def test_a_line_for_each_file
    pack({ "lib/a.rb" => "A = 1\n" * 200, "short" => "x", "empty/" => nil })
    assert_success invfs("list", "app.zip"), <<~OUT
      1200  deflate    lib/a.rb
         1  stored     short
      2 files, 1.2 kB, compressed #{entry("lib/a.rb").compressed_size + 1} B
    OUT
  end

  def test_compiled_code_is_a_column
    source = "A = 1"
    files = { "a.rb" => source, "b.rb" => "B = 1" }
    [KEY, "9.9.9-other", "#{VERSION}-other"].each do |key|
      files[InVFS::CompiledCode.entry_name("a.rb", key)] = InVFS::CompiledCode.build(source)
    end
    ZipBuilder.write(path("app.zip"), files)
    outcome = invfs("list", "app.zip")
    assert_success outcome, /\A5  stored  #{Regexp.escape(VERSION)},9\.9\.9  a\.rb\n5  stored #{" " * (VERSION.size + 8)} b\.rb\n2 files, 10 B/
    [KEY, "9.9.9-other"].each { |key| assert_includes outcome.stdout, "#{key} (1)" }
  end

  def test_long
    pack({ "a.rb" => "A = 1", "run" => "#!", "link" => :run }, compile: true, main: "run")
    File.chmod(0o755, path("app/run"))
    pack(compile: true, main: "run")
    lines = invfs("list", "--long", "app.zip").stdout.lines(chomp: true)
    assert_equal ["-0644", "4", "4", "stored", format("%08x", entry(".invfs/main").crc), "1980-01-01", "00:00:00", ".invfs/main"],
                 lines[0].split
    assert_match(/\A-0644 +5 +5  stored +\h{8}  1980-01-01 00:00:00  #{Regexp.escape(KEY)}  a\.rb\z/, lines[1])
    assert_match(/\Al0777 +3 +3 .* link\z/, lines[2])
    assert_match(/\A-0755 .* run\z/, lines[3])
    assert_match(%r{ \.invfs/#{Regexp.escape(KEY)}/a\.rb\.iseq\z}, lines[4])
    assert_match(/\A3 files, 10 B, compressed 10 B; compiled for #{Regexp.escape(KEY)} \(1\): /, lines[5])
    assert_equal lines, invfs("list", "-l", "app.zip").stdout.lines(chomp: true)
  end

  def test_names_that_cannot_be_printed
    pack({ "two\nlines" => "", "bad\xFF" => "", "größe" => "", "tab\t" => "", "esc\e[31m" => "" })
    assert_equal ["bad\\xFF", "esc\\e[31m", "größe", "tab\\t", "two\\nlines"],
                 invfs("list", "app.zip").stdout.lines(chomp: true)[..-2].map { |line| line[/\S+\z/] }
  end

  def test_an_empty_archive
    ZipBuilder.write(path("app.zip"), {})
    assert_success invfs("list", "app.zip"), "0 files, 0 B, compressed 0 B\n"
    assert_success invfs("list", "-l", "app.zip"), "0 files, 0 B, compressed 0 B\n"
  end

  def test_entries_that_cannot_be_read_are_listed
    File.binwrite(path("app.zip"), ZipBuilder.build do |zip|
      zip.add("secret", "x", lie: { flags: 1 })
      zip.add("lzma", "x", lie: { method: 14 })
    end)
    assert_success invfs("list", "app.zip"), /encrypted .* secret\n.*method 14 .* lzma\n/
  end

  def test_sizes_for_people
    { 999 => "999 B", 1000 => "1.0 kB", 1049 => "1.0 kB", 999_949 => "999.9 kB", 999_950 => "1.0 MB", 4_123_456 => "4.1 MB" }.each do |bytes, text|
      ZipBuilder.write(path("app.zip"), { "a" => "x" * bytes })
      assert_equal "1 file, #{text}, compressed #{text}", invfs("list", "app.zip").stdout.lines(chomp: true).last
    end
  end

  def test_entries_in_ruby
    pack({ "a" => "again " * 100, "link" => :a }, method: "zstd")
    archive = InVFS.zip(path("app.zip"))
    a, link = %w[a link].map { |name| InVFS::ArchiveEntry.of(archive, name) }
    assert_equal [600, "zstd", 0o644, 315_532_800, false, false], [a.size, a.compression, a.mode, a.mtime, a.symlink?, a.encrypted?]
    assert_operator a.compressed_size, :<, 600
    assert_equal Zlib.crc32("again " * 100), a.crc
    assert_equal [true, 1], [link.symlink?, link.size]
    ["none", "../a", "", "/a", "a/"].each { |name| assert_nil InVFS::ArchiveEntry.of(archive, name), name }
    assert_raises(TypeError) { InVFS::ArchiveEntry.of(archive, nil) }
    assert_raises(TypeError) { InVFS::ArchiveEntry.of("app.zip", "a") }
    assert_raises(TypeError) { InVFS::ArchiveEntry.new }
    assert_equal "again " * 100, InVFS::ArchiveEntry.read(archive, "link")
    ["none", "../a", "a/"].each { |name| assert_raises(Errno::ENOENT, name) { InVFS::ArchiveEntry.read(archive, name) } }
  end
end
