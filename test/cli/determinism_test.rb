# frozen_string_literal: true

# The same files give the same bytes.
require_relative "cli_helper"

class DeterminismTest < Minitest::Test
  include CLIHelper

  FILES = { "lib/a.rb" => "A = [1, 'x']\n" * 20, "lib/b.rb" => "while a\n  next if b\n  c\nend\n", "größe" => "g", "bad\xFF" => "b",
            "empty/" => nil, "run" => "#!/bin/sh", "link" => :run, "text" => "again and again " * 500 }.freeze

  # Ways to start the command that must not matter.
  SURROUNDINGS = [
    {}, { "TZ" => "Asia/Tokyo" }, { "TZ" => "America/New_York" }, { "LC_ALL" => "C" }, { "LC_ALL" => "C.UTF-8" },
    { "RUBYOPT" => "-W0" }, { "COLUMNS" => "20", "TERM" => "dumb" }, { "HOME" => "/nonexistent" }
  ].freeze

  def bytes(out = "out.zip", directory: "app", env: {}, **options)
    arguments = options.flat_map { |name, value| value == true ? ["--#{name}"] : ["--#{name}", value] }
    assert_success invfs("pack", directory, "-o", out, "-q", *arguments, env: env)
    File.binread(path(out))
  end

  def test_surroundings_do_not_matter
    write(FILES)
    first = bytes
    SURROUNDINGS.each { |env| assert_equal first, bytes(env: env), env }
  end

  def test_the_umask_does_not_matter
    write(FILES)
    masks = [0o022, 0o077, 0].map do |mask|
      before = File.umask(mask)
      bytes
    ensure
      File.umask(before)
    end
    assert_equal 1, masks.uniq.size
  end

  def test_times_owners_and_the_order_on_disk_do_not_matter
    write(FILES)
    write(FILES.to_a.reverse.to_h, "other")
    write({ "sub/" => nil }, "other/lib").then { |lib| Dir.rmdir("#{lib}/sub") }
    Dir.glob(path("other/**/*")).each { |file| File.lutime(1_234_567_890, 1_234_567_890, file) }
    File.chmod(0o640, path("other/text"))
    assert_equal bytes, bytes("other.zip", directory: "other")
  end

  def test_only_running_matters_of_the_permissions
    write(FILES)
    before = bytes
    File.chmod(0o755, path("app/run"))
    refute_equal before, bytes
  end

  METHODS = [{ method: "stored" }, { level: "12" }, { method: "zstd", level: "19" }, { compile: true }, { compile: true, method: "zstd" },
             { main: "run", exclude: "b.rb" }].freeze

  # Ruby before 3.4 writes numbers into compiled code that it never set, for some files.
  def needs_clean_memory
    skip "not without glibc before Ruby 3.4" unless RUBY_VERSION >= "3.4" || RUBY_PLATFORM.match?(/linux-gnu|linux\z/)
  end

  METHODS.each_with_index do |options, index|
    define_method("test_twice_is_the_same_#{index}") do
      needs_clean_memory if options[:compile]
      write(FILES)
      assert_equal bytes(**options), bytes("again.zip", **options)
    end
  end

  def test_compiled_code_of_a_real_library_is_the_same_each_time
    needs_clean_memory
    sources = %w[pathname.rb optparse.rb rubygems/version.rb rubygems/commands/lock_command.rb rdoc/tom_doc.rb resolv.rb]
    paths = sources.map { |name| File.join(RbConfig::CONFIG["rubylibdir"], name) }.select { |file| File.file?(file) }
    assert_operator paths.size, :>, 1
    write(paths.to_h { |file| [File.basename(file), File.binread(file)] })
    all = Array.new(4) { |run| bytes(compile: true, env: { "GARBAGE" => "x" * 1000 * run }) }
    assert_equal 1, all.uniq.size
  end

  def test_compiling_later_gives_the_same
    needs_clean_memory
    write(FILES)
    together = bytes(compile: true)
    bytes("later.zip")
    2.times do
      assert_success invfs("compile", "later.zip", "-q")
      assert_equal together, File.binread(path("later.zip"))
    end
  end

  def test_the_time_is_source_date_epoch
    write(FILES)
    { nil => 315_532_800, "" => 315_532_800, "1700000001" => 1_700_000_001, "0" => 315_532_800, "-5" => 315_532_800,
      "99999999999" => 4_294_967_295 }.each do |epoch, time|
      bytes(env: { "SOURCE_DATE_EPOCH" => epoch })
      assert_equal [time], names("out.zip").map { |name| entry(name, "out.zip").mtime }.uniq, epoch.inspect
    end
    ["today", "1.5", "1e9", "0x10"].each do |epoch|
      assert_failure invfs("pack", "app", "-o", "bad.zip", env: { "SOURCE_DATE_EPOCH" => epoch }), 1, /SOURCE_DATE_EPOCH.*#{epoch}/
    end
    refute_path_exists path("bad.zip")
  end
end
