# frozen_string_literal: true

# What `invfs pack --standalone` writes, and what it refuses.
require_relative "standalone_helper"

class StandalonePackTest < Minitest::Test
  include StandaloneHelper

  HELLO = { "main.rb" => "puts 'hello'\n" }.freeze

  def entries = InVFS.zip(path("program")).entries

  def test_what_it_says_and_writes
    write(HELLO)
    said = pack("app")
    assert_match(/^app is a directory$/, said)
    assert_match(/^Ruby #{RUBY_VERSION}, libraries of the system: .*\blibz\.so\.1\b/, said)
    assert_match(/^needs the GNU C library \d\.\d+ or newer$/, said)
    assert_match(/^program: \d+\.\d MB; .*; compiled: \d+/, said)
    assert File.executable?(path("program"))
    assert_prints "hello\n"
    assert_includes entries, "app/main.rb"
    assert_empty entries.grep(%r{\Alib/(irb|bundler|rdoc)}), "tools of developers"
    assert_equal "", invfs("pack", "app", "--standalone", "-q", "-o", "program").stdout
  end

  def test_the_same_input_gives_the_same_file
    write(HELLO)
    pack("app")
    FileUtils.cp_r(path("app"), path("copy"))
    FileUtils.touch(path("copy/main.rb"), mtime: Time.at(1_000_000_000))
    pack("copy/main.rb", out: "one")
    pack("copy/main.rb", out: "two", env: { "LC_ALL" => "C", "TZ" => "Asia/Tokyo", "HOME" => path("home") })
    assert FileUtils.identical?(path("one"), path("two"))
  end

  def test_the_name_of_the_project_is_that_of_its_directory
    write(HELLO)
    Dir.chdir(@dir) { File.rename("app", "\xFF".b) }
    [[], %w[--standalone --writable]].each { |options| assert_success invfs("pack", "\xFF".b, *options, "-o", "program", "--force"), /is a directory/ }
    assert_prints "hello\n"
  end

  def test_nothing_of_this_machine_is_in_it
    write(HELLO)
    pack("app", "--method", "stored")
    contents = File.binread(path("program"))
    places = [@dir, RubyProcess::PROJECT, Dir.home, ENV.fetch("CARGO_HOME", "/.cargo/registry")].uniq
    # A chroot of the tests has the project at /src, which may be anywhere.
    places.reject { |place| place == "/src" }.each { |place| refute_includes contents, "#{place}/".b, place }
  end

  def test_the_whole_standard_library
    write(HELLO)
    pack("app", "--stdlib", "all")
    assert_includes entries, "lib/rdoc.rb"
    assert_includes entries, "lib/irb.rb"
  end

  def test_it_is_an_archive_as_others_are
    write(HELLO)
    pack("app")
    assert_success invfs("verify", "program"), /all good/
    assert_success invfs("list", "program"), %r{app/main\.rb}
    # So it may be replaced.
    pack("app")
    File.write(path("program"), "something else")
    assert_failure invfs("pack", "app", "--standalone", "-o", "program"), 1, /program exists and is no zip archive/
  end

  def test_the_name_of_the_file
    write(HELLO)
    assert_failure invfs("pack", "app", "--standalone"), 2, /-o is missing: app is a directory here/
    FileUtils.mv(path("app/main.rb"), path("tool.rb"))
    assert_success invfs("pack", "tool.rb", "--standalone")
    assert_prints "hello\n", file: path("tool")
    packed = invfs("pack", "tool.rb", "--standalone", "-o", "-")
    assert_equal File.binread(path("tool")), packed.stdout.b
  end

  def test_it_asks_for_a_main_script
    write({ "lib/x.rb" => "" })
    assert_failure invfs("pack", "app", "--standalone", "-o", "program"), 1, /app: no main script; --main names one/
    refute_path_exists path("program")
  end

  def test_options_without_standalone
    write(HELLO)
    assert_failure invfs("pack", "app", "--stdlib", "all"), 2, /--stdlib is for --standalone/
    assert_failure invfs("pack", "app", "--mount", "/usr/share"), 2, /--mount is for --standalone/
    assert_failure invfs("pack", "app", "--standalone", "--library", "all"), 1, /no --library/
  end

  def test_dry_run
    write(HELLO)
    outcome = invfs("pack", "app", "--standalone", "-o", "program", "--dry-run")
    assert_success outcome, /\Aapp is a directory\n/
    refute_path_exists path("program")
  end

  def test_where_there_is_no_launcher
    FileUtils.cp_r("#{RubyProcess::PROJECT}/lib", path("lib"))
    FileUtils.rm(path("lib/invfs/invfs-launcher"))
    FileUtils.cp_r("#{RubyProcess::PROJECT}/exe", path("exe"))
    write(HELLO)
    outcome = RubyProcess.run("--disable=gems", path("exe/invfs"), "pack", "app", "--standalone", "-o", "program", chdir: @dir)
    assert_failure outcome, 1, /the launcher.* is not there .*gem.* `rake launcher`/
  end

  def test_from_ruby
    write(HELLO)
    project = InVFS::Pack::Standalone.new(path("app"))
    summary = project.write(path("program"))
    assert_includes summary.names, "app/main.rb"
    assert_includes project.libraries, "libz.so.1"
    assert_match(/\A\d+\.\d+\z/, project.glibc)
    assert_prints "hello\n"
  end

  def test_the_launcher_is_small_and_needs_nothing_but_a_c_library
    contents = File.binread(LAUNCHER)
    assert_operator contents.bytesize, :<, 1_300_000
    libraries, = InVFS.shared_object_needs(contents)
    assert_empty libraries.grep_v(/\A(ld-|lib(c|dl|m|pthread)\.)/)
  end

  # As if it were called by itself.
  def test_the_launcher_alone
    outcome = RubyProcess.command([LAUNCHER])
    assert_failure outcome, 126, /invfs-launcher.*standalone/
  end
end
