# frozen_string_literal: true

# A file that is not what was packed says so in one line, and exits with 126.
require_relative "standalone_helper"
require "zlib"

class StandaloneDamageTest < Minitest::Test
  include StandaloneHelper

  def setup
    super
    pack_script("puts 'hello'\nrequire 'json'\nputs JSON.generate([1])\n")
    @contents = File.binread(path("program"))
  end

  def write_damaged(contents)
    File.binwrite(path("damaged"), contents)
    File.chmod(0o755, path("damaged"))
  end

  # Refused before Ruby runs.
  def assert_refused(message)
    outcome = run_file(file: path("damaged"))
    assert_failure outcome, 126, message
    assert_includes outcome.stderr, path("damaged")
  end

  # Where the contents of an entry are, how many bytes, and where the archive lists it.
  def place(name, bytes = @contents)
    header, listed = %w[PK\x03\x04.{26} PK\x01\x02.{42}].map do |start|
      bytes.index(/#{start}#{Regexp.escape(name)}/mn)
    end
    [header + 30 + bytes[header + 26, 4].unpack("vv").sum, bytes[listed + 20, 4].unpack1("V"), listed]
  end

  # With another byte in the middle of the entry's contents.
  def damage(name)
    start, size, = place(name)
    at = start + (size / 2)
    write_damaged(@contents.dup.tap { |bytes| bytes.setbyte(at, bytes.getbyte(at) ^ 0xff) })
  end

  def test_cut_off
    launcher = File.size(LAUNCHER)
    [@contents.bytesize - 1, @contents.bytesize - 1000, @contents.bytesize / 2, launcher + 1000].each do |size|
      write_damaged(@contents[0, size])
      assert_refused(/end of the file is missing|truncated/)
    end
  end

  def test_appended
    ["x", "more text\n", "\0" * 100_000, "PK\5\6"].each do |more|
      write_damaged(@contents + more)
      assert_refused(/appended|archive/)
    end
  end

  def test_what_it_starts_with
    ["app/main.rb", ".invfs/standalone", ".invfs/app", "boot/boot.rb", "so/#{RbConfig::CONFIG["LIBRUBY_SONAME"]}", "so/libz.so.1"].each do |name|
      damage(name)
      assert_refused(/entry "#{Regexp.escape(name)}"/)
    end
  end

  def test_what_it_loads_later
    damage("arch/json/ext/parser.so")
    outcome = run_file(file: path("damaged"))
    assert_equal ["hello\n", 1], [outcome.stdout, outcome.status]
    assert_match(%r{\Ainvfs: #{Regexp.escape(path("damaged"))}: entry "arch/json/ext/parser\.so": .*\n.*LoadError}m, outcome.stderr)
  end

  # Its source is not read.
  def test_compiled_code_runs_that_is_intact
    damage("lib/json.rb")
    assert_prints "hello\n[1]\n", file: path("damaged")
  end

  # The packer said which one the libraries need.
  def test_an_older_c_library
    pack_script("puts 'hello'", "--method", "stored")
    bytes = File.binread(path("program"))
    start, size, listed = place(".invfs/standalone", bytes)
    skip "there is no GNU C library" unless bytes[start, size].match?(/^glibc 2\./)
    bytes[start, size] = bytes[start, size].sub("glibc 2.", "glibc 9.")
    # Behind the contents, and in the list.
    bytes[start + size + 4, 4] = bytes[listed + 16, 4] = [Zlib.crc32(bytes[start, size])].pack("V")
    write_damaged(bytes)
    assert_refused(/it needs the GNU C library 9\.\d+ or newer, and this machine has 2\.\d+/)
  end
end
