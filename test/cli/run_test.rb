# frozen_string_literal: true

# `invfs run`: the main script behaves as if it had been started from disk.
require_relative "cli_helper"

class RunTest < Minitest::Test
  include CLIHelper

  # Runs the files from an archive. For the control, a directory with the same files has the path of the archive.
  def run_app(files, *arguments, compile: false, main: nil, **options)
    FileUtils.rm_rf(path("app"))
    pack(files, compile: compile, main: main)
    invfs("run", "app.zip", *arguments, **options)
  end

  # Each is run with the arguments from disk and from an archive, and has to print the same and to exit alike.
  AS_ON_DISK = {
    "arguments" => ["p ARGV, ARGV.encoding rescue p ARGV.map(&:encoding)", %w[a --help -x größe] + ["", "a b"]],
    "exit code" => ["exit 42", []],
    "abort" => ["abort 'sorry'", []],
    "exit!" => ["$stdout.puts 'x'; $stdout.flush; exit! 7", []],
    "at_exit" => ["at_exit { puts 'bye'; exit 3 }; puts 'hi'", []],
    "standard input" => ["p $stdin.read, ARGF.argv", []],
    "gets" => ["p gets, $<.class", []],
    "killed" => ["Process.kill(:KILL, $$); sleep", []],
    "terminated" => ["Process.kill(:TERM, $$); sleep", []],
    "signal handlers" => ["p trap(:INT) {}, trap(:TERM, 'DEFAULT'), trap(:PIPE, 'DEFAULT')", []],
    "main" => ["p self, self.class, __method__, defined?(DATA)", []],
    "methods are private methods of Object" => ["def x = 1\np Object.private_method_defined?(:x), self.send(:x)", []],
    "locals do not leak" => ["mine = 1; p binding.local_variables, mine", []],
    "data" => ["p DATA.read, DATA.class, DATA.pos > 0, DATA.eof?, DATA.external_encoding\nDATA.rewind\np DATA.gets\n__END__\nthe\nrest\n", []],
    "empty data" => ["p DATA.read\n__END__", []],
    "frozen" => ["# frozen_string_literal: true\np 'x'.frozen?", []],
    "encoding" => ["# encoding: iso-8859-1\np __ENCODING__, 'x'.encoding", []],
    "a shebang" => ["#!/usr/bin/env ruby -w\np 1", []],
    "environment" => ["p ENV.key?('INVFS'), Dir.pwd == ENV['PWD']", []],
    "$0" => ["p __FILE__ == $0, $0 == $PROGRAM_NAME, File.basename($0), File.basename(__FILE__)\nif __FILE__ == $0 then puts 'main' end", []],
    "constants of the command" => ["p defined?(OptionParser), defined?(Gem::Specification), defined?(InVFS::Pack), defined?(Zlib)", []]
  }.freeze

  AS_ON_DISK.each do |what, (source, arguments)|
    define_method("test_as_on_disk_#{what.tr(" ", "_")}") do
      write({ "main.rb" => source })
      control = RubyProcess.run("-w", "--disable=gems", path("app/main.rb"), *arguments, chdir: @dir, input: "one\ntwo\n")
      [false, true].each do |compile|
        outcome = run_app({ "main.rb" => source }, *arguments, compile: compile, input: "one\ntwo\n")
        assert_equal [control.status, control.stdout, control.stderr], [outcome.status, outcome.stdout, outcome.stderr], what
      end
    end
  end

  def test_paths
    outcome = run_app({ "main.rb" => "puts $0, __FILE__, __dir__, $:.first; require 'x'; require_relative 'y'; puts caller",
                        "lib/x.rb" => "puts __FILE__", "y.rb" => "puts __FILE__" })
    zip = path("app.zip")
    lines = outcome.stdout.lines(chomp: true)
    assert_equal ["#{zip}/main.rb", "#{zip}/main.rb", zip, "#{zip}/lib", "#{zip}/lib/x.rb", "#{zip}/y.rb"], lines.shift(6), outcome
    refute_empty lines
    assert lines.all? { |frame| frame.start_with?("#{EXE}:") }, lines
  end

  def test_no_lib_nothing_on_the_load_path
    assert_success run_app({ "main.rb" => "p $:.grep(/app/)" }), "[]\n"
  end

  def test_the_archive_may_be_moved_and_linked
    FileUtils.mkdir(path("größe"))
    File.symlink("größe/b c.zip", path("link"))
    real = path("größe/b c.zip")
    write({ "main.rb" => "puts __FILE__, __FILE__ == $0; require 'x'", "lib/x.rb" => "puts __FILE__" })
    [true, false].product([{}, { "LC_ALL" => "C" }]).each do |compile, env|
      pack(compile: compile)
      FileUtils.mv(path("app.zip"), real)
      assert_success RubyProcess.run(EXE, "run", "link", env: env, chdir: @dir), "#{real}/main.rb\ntrue\n#{real}/lib/x.rb\n"
    end
  end

  def test_an_exception_that_nobody_rescues
    outcome = run_app({ "main.rb" => "def deep = raise(ArgumentError, 'no')\ndeep" })
    assert_equal 1, outcome.status
    lines = outcome.stderr.lines
    assert_match(/\A#{path("app.zip/main.rb")}:1:in .*deep.*: no \(ArgumentError\)$/, lines[0])
    assert_match(/\A\tfrom #{path("app.zip/main.rb")}:2:in /, lines[1])
    assert_equal 2, lines.size, outcome
  end

  def test_an_interrupt_is_the_programs
    outcome = run_app({ "main.rb" => "begin; Process.kill(:INT, $$); sleep; rescue Interrupt; puts 'mine'; exit 5; end" })
    assert_equal [5, "mine\n"], [outcome.status, outcome.stdout]
    outcome = run_app({ "main.rb" => "Process.kill(:INT, $$); sleep" })
    assert_equal "INT", outcome.status
  end

  def test_a_program_that_uses_optparse_as_its_own
    outcome = run_app({ "main.rb" => "require 'optparse'\nOptionParser.new { |o| o.on('-x N', Integer) { |n| p n } }.parse!\np ARGV" }, "-x", "3", "y")
    assert_success outcome, "3\n[\"y\"]\n"
  end

  MAINS = [
    [{ "main.rb" => 1, "exe/a" => 2, "bin/b" => 3 }, nil, 1],
    [{ "exe/a" => 2, "bin/b" => 3 }, nil, 2],
    [{ "bin/b" => 3, "bin/sub/c" => 4, "exe/sub/d" => 5 }, nil, 3],
    [{ "main.rb" => 1, "x/y.rb" => 4 }, "x/y.rb", 4],
    [{ "main.rb" => 1, "größe" => 4 }, "größe", 4],
    [{ "main.rb" => 1, "bad\xFF" => 4 }, "bad\xFF", 4],
    [{ "main.rb" => 1, "two\nlines\n" => 4 }, "two\nlines\n", 4]
  ].freeze

  def test_which_script_is_the_main_one
    MAINS.each do |files, main, expected|
      assert_success run_app(files.transform_values { |n| "p #{n}" }, main: main), "#{expected}\n"
    end
  end

  def test_no_main_script
    assert_failure run_app({ "lib/a.rb" => "" }), 1, /no main script/
    assert_failure run_app({ "exe/a" => "", "exe/b" => "" }), 1, %r{which of exe/a, exe/b\?}
    ZipBuilder.write(path("app.zip"), { ".invfs/main" => "gone.rb\n", "main.rb" => "p 1" })
    assert_failure invfs("run", "app.zip"), 1, /there is no gone\.rb/
  end

  def test_another_script
    pack({ "main.rb" => "p 1", "other" => "p 2, ARGV" }, main: "main.rb")
    [["--main", "other"], ["--main=other"]].each do |option|
      assert_success invfs("run", *option, "app.zip", "--main", "x"), "2\n[\"--main\", \"x\"]\n"
    end
    assert_failure invfs("run", "--main", "gone", "app.zip"), 1, /there is no gone/
    assert_failure invfs("run", "--main"), 2, /missing argument: --main/
  end

  def test_archives_that_cannot_be_run
    assert_failure invfs("run", "none.zip"), 1, /No such file.*none\.zip/
    File.write(path("text"), "x")
    assert_failure invfs("run", "text"), 1, /text: not a zip archive/
    assert_failure invfs("run", "."), 1, /directory/
    write({ "main.rb" => "p 1" }, "-x").then { InVFS.pack(path("-x"), path("-x.zip")) }
    assert_success invfs("run", "--", "-x.zip"), "1\n"
  end

  def test_an_archive_that_runs_itself
    pack({ "main.rb" => "p ARGV" })
    FileUtils.rm_rf(path("app"))
    File.binwrite(path("app"), "#!/usr/bin/env -S #{RbConfig.ruby} #{EXE} run\n" + File.binread(path("app.zip")))
    File.chmod(0o755, path("app"))
    assert_equal "[\"-x\", \"y\"]\n", IO.popen([path("app"), "-x", "y"], &:read)
  end

  def test_a_real_program_of_many_files
    gem = Gem::Specification.find_by_name("rake")
    FileUtils.cp_r(gem.full_gem_path, path("app"))
    assert_success invfs("pack", "app", "--compile", "--include", "lib", "--include", "exe", "--main", "exe/rake", "-q")
    File.write(path("Rakefile"), "task(:default) { puts \"rake \#{$\".grep(/app\\.zip/).size > 20}\" }")
    assert_success invfs("run", "app.zip"), "rake true\n"
  rescue Gem::MissingSpecError
    skip "there is no rake"
  end
end
