# frozen_string_literal: true

# Names in archives that lead elsewhere, are ambiguous, or occur twice.
require_relative "test_helper"
require_relative "support/archive_checks"

class HostileNamesTest < Minitest::Test
  include ArchiveChecks

  UNSAFE = {
    "the parent" => "../x.rb", "the parent of a directory" => "lib/../../x.rb", "the parent in the middle" => "lib/../x.rb",
    "the parent alone" => "..", "an absolute path" => "/etc/x.rb", "two slashes in front" => "//x.rb",
    "a NUL byte" => "a\0b.rb", "a NUL byte at the end" => "a.rb\0", "an empty name" => "", "a drive" => "C:/x.rb", "a drive with a backslash" => "C:\\x.rb",
    "a parent with backslashes" => "..\\x.rb", "a network path" => "\\\\host\\x.rb", "a backslash in front" => "\\x.rb",
    "the parent between backslashes" => "lib\\..\\x.rb", "the parent at the end" => "lib/.."
  }.freeze

  UNSAFE.each do |sentence, name|
    define_method("test_#{sentence.tr(" ", "_")}_never_names_a_file") do
      bytes = build do |zip|
        zip.add(name, "hidden")
        zip.add("good.rb", "good")
      end
      error = assert_raises(InVFS::UnsafeNameError) { use(bytes, name) }
      assert_equal PATH, error.archive
      assert_equal name.b, error.entry.b
    end
  end

  REFUSED = { "lib\\x.rb" => "backslash", "\x83\x5C.txt".b => "backslash", "a:b" => "drive letter", "x" * 256 => "255 bytes",
              "d/" * 2048 + "x" => "4096 bytes" }.freeze

  def test_a_name_that_only_some_systems_have_refuses_its_entry
    bytes = build { |zip| ["good.rb", *REFUSED.keys].each { |name| zip.add(name, name.b) } }
    fs = open_bytes(bytes)
    assert_equal [["good.rb"], "good.rb"], [fs.entries, fs.read("good.rb")]
    assert_equal REFUSED.keys.map(&:b), fs.refused.keys.map(&:b)
    assert_equal Encoding::UTF_8, fs.refused.keys.first.encoding
    REFUSED.each do |name, reason|
      assert_includes fs.refused[name], reason
      %i[read file? size directory?].each do |method|
        error = assert_raises(InVFS::UnsafeNameError, method.to_s) { fs.public_send(method, name) }
        assert_equal [PATH, name.dup.force_encoding("UTF-8").scrub], [error.archive, error.entry]
        assert_includes error.message, reason
      end
    end
  end

  def test_nothing_is_refused_in_most_archives
    fs = open_bytes(build { |zip| zip.add("a", "A") })
    assert_empty fs.refused
    fs.close
    assert_raises(InVFS::ClosedError) { fs.refused }
  end

  def test_two_names_that_are_one_on_windows
    [%w[a\b a/b], %w[a/b a\b], %w[a\b a\b], %w[a\b\c a/b]].each do |names|
      bytes = build { |zip| names.each { |name| zip.add(name, name) } }
      assert_raises(InVFS::DuplicateEntryError, names.inspect) { open_bytes(bytes) }
    end
  end

  def test_a_directory_of_dos_without_a_slash
    dos = { made_by: 20, external: 0x10 }
    fs = open_bytes(build do |zip|
      zip.add("lib", "", central: dos)
      zip.add("lib/a", "A", central: { made_by: 20, external: 0 })
      zip.add("full", "contents", central: dos)
    end)
    assert_equal [["lib/a"], "A", true], [fs.entries, fs.read("lib/a"), fs.directory?("lib")]
    assert_match(/said to be a directory/, fs.refused.fetch("full"))
  end

  def unicode_path(raw, name) = [0x7075, 5 + name.bytesize, 1, Zlib.crc32(raw)].pack("vvCV") + name.b

  def test_the_unicode_path_field
    raw = "gr\x94\xE1e".b
    field = unicode_path(raw, "größe")
    [{}, { local: { extra: field } }].each do |local|
      fs = open_bytes(build { |zip| zip.add(raw, "x", central: { extra: field }, **local) })
      assert_equal [["größe"], "x"], [fs.entries, fs.read("größe")]
    end
    other = unicode_path("renamed", "größe")
    fs = open_bytes(build { |zip| zip.add(raw, "x", lie: { extra: other }) })
    assert_equal [[raw], "x"], [fs.entries, fs.read(raw)]
    bytes = build { |zip| zip.add(raw, "x", lie: { extra: field }) && zip.add("größe", "y") }
    assert_raises(InVFS::DuplicateEntryError) { open_bytes(bytes) }
  end

  ALLOWED = ["...", "..a", "a..", " ", "a b", "~", "~root/x", "-", "#", "%2e%2e/x", "*", "\u{202e}rb.a", "con", "nul.rb", "ab:c",
             "x" * 255, "d/" * 200 + "x", "\e[31m", "\n", "\xff\xfe".b, "ﬁ", "é", "e\u0301"].freeze

  def test_strange_names_that_are_harmless
    bytes = build { |zip| ALLOWED.each { |name| zip.add(name, name.b) } }
    fs = open_bytes(bytes)
    ALLOWED.each { |name| assert_equal name.b, fs.read(name), name.inspect }
    assert_equal ALLOWED.map(&:b), fs.entries.map(&:b)
    assert_predicate fs.inspect, :valid_encoding?
  end

  # Some programs write such names; they mean one thing only.
  def test_names_that_are_not_clean_but_stay_inside
    bytes = build { |zip| ["./x.rb", "lib/./y.rb", "lib//z.rb"].each { |name| zip.add(name, name) } }
    fs = open_bytes(bytes)
    assert_equal ["./x.rb", "lib/./y.rb", "lib//z.rb"], %w[x.rb lib/y.rb lib/z.rb].map { |name| fs.read(name) }
    assert_equal %w[x.rb lib/y.rb lib/z.rb], fs.entries
  end

  def test_two_spellings_of_one_name_are_the_same_name_twice
    bytes = build { |zip| ["a/x.rb", "a/./x.rb"].each { |name| zip.add(name, name) } }
    assert_raises(InVFS::DuplicateEntryError) { open_bytes(bytes).read("a/x.rb") }
  end

  def test_the_same_name_twice
    [%w[first second], %w[same same]].each do |contents|
      bytes = build do |zip|
        contents.each { |content| zip.add("twice.rb", content) }
        zip.add("once.rb", "once")
      end
      error = assert_raises(InVFS::DuplicateEntryError) { open_bytes(bytes).read("twice.rb") }
      assert_equal [PATH, "twice.rb"], [error.archive, error.entry]
    end
  end

  def test_a_file_and_a_directory_of_one_name
    bytes = build do |zip|
      zip.add("both", "file")
      zip.add("both/inner", "inner")
    end
    assert_raises(InVFS::DuplicateEntryError, InVFS::MalformedArchiveError, InVFS::UnsafeNameError) { use(bytes, "both") }
  end

  def test_a_directory_record_twice
    bytes = build do |zip|
      zip.directory("lib/")
      zip.add("lib/a.rb", "x")
      zip.directory("lib/")
    end
    fs = open_bytes(bytes)
    assert_equal [["lib/a.rb"], "x", {}], [fs.entries, fs.read("lib/a.rb"), fs.refused]
  end

  def test_a_directory_record_behind_its_files
    bytes = build do |zip|
      zip.add("lib/a.rb", "x")
      zip.directory("lib/")
    end
    assert_equal "x", open_bytes(bytes).read("lib/a.rb")
  end

  def test_names_that_differ_only_for_some_file_systems_are_different
    bytes = build { |zip| ["A", "a", "é", "e\u0301"].each { |name| zip.add(name, name) } }
    fs = open_bytes(bytes)
    ["A", "a", "é", "e\u0301"].each { |name| assert_equal name.b, fs.read(name) }
  end

  # The content of a link is a path; following it is nothing that reading code needs.
  def test_a_symbolic_link_is_not_followed
    bytes = build do |zip|
      zip.add("link.rb", "/etc/passwd", symlink: true)
      zip.add("up.rb", "../outside.rb", symlink: true)
    end
    %w[link.rb up.rb].each do |name|
      content = open_bytes(bytes).read(name)
      assert_includes ["/etc/passwd", "../outside.rb"], content
    rescue InVFS::ArchiveError, Errno::ENOENT => e
      assert_includes e.message, name
    end
  end

  def test_a_name_in_another_code_page
    name = "größe".encode("CP437").b
    fs = open_bytes(build { |zip| zip.add(name, "x") })
    assert_equal [[name], "x"], [fs.entries.map(&:b), fs.read(name)]
  end

  def test_the_utf8_flag_on_a_name_that_is_no_utf8
    bytes = build { |zip| zip.add("caf\xE9".b, "x", lie: { flags: ZipBuilder::FLAG_UTF8 }) }
    fs = open_bytes(bytes)
    assert_equal "x", fs.read("caf\xE9".b)
  rescue InVFS::ArchiveError => e
    assert_equal PATH, e.archive
  end

  private

  # Opens the archive and asks for the name in every way: one of them has to refuse.
  def use(bytes, name)
    fs = open_bytes(bytes)
    assert_equal false, fs.file?(name), "#{name.inspect} is a file"
    fs.read(name)
  end
end
