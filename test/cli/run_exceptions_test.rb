# frozen_string_literal: true

# How a program under `invfs run` ends: status, output and backtraces are those of `ruby main.rb`.
require_relative "cli_helper"

class RunExceptionsTest < Minitest::Test
  include CLIHelper

  # The comparison includes Ruby's own decorations of messages; only RubyGems would add frames of its own.
  RUBY = ["--disable=gems"].freeze

  # Prints the error that an at_exit handler sees, which is the one that Ruby would print.
  SEEN = <<~'RUBY'
    at_exit do
      error = $!
      while error
        puts error.class, error.message, error.backtrace, "--"
        error = error.cause
      end
      puts $!.full_message(highlight: false) if $! && !$!.is_a?(SystemExit)
    end
  RUBY

  def outcomes(files, ruby: RUBY)
    files = files.is_a?(String) ? { "main.rb" => files } : files
    FileUtils.rm_rf(path("app"))
    write(files)
    pack
    [path("app/main.rb"), [EXE, "run", path("app.zip")]].map do |started|
      outcome = RubyProcess.run(*ruby, *started, chdir: @dir, env: ENVIRONMENT)
      [outcome.status, *[outcome.stdout, outcome.stderr].map { |text| text.scrub("?").gsub(%r{#{@dir}/app(\.zip)?/}, "") }]
    end
  end

  def assert_as_on_disk(files, **options)
    disk, archive = outcomes(files, **options)
    assert_equal disk, archive, files
    disk
  end

  ENDS = {
    "raise" => "raise ArgumentError, 'no'",
    "deep" => "def a(n) = n.zero? ? raise('x') : a(n - 1)\n[1].each { a(3) }",
    "in_blocks" => "x = proc { begin; raise 'a'; rescue; [2].map { raise 'b' }; ensure; puts 'e'; end }\nx.call",
    "causes" => "begin; begin; raise 'a'; rescue; raise IOError, 'b'; end; rescue; raise TypeError, 'c'; end",
    "a_cause_of_its_own" => "begin; raise 'a'; rescue => e; b = e; end\nraise RuntimeError, 'x', cause: b",
    "a_given_backtrace" => "raise RuntimeError, 'x', ['a:1', 'b:2']",
    "overridden_methods" => "class E < StandardError; def backtrace = ['mine:1']; def set_backtrace(*) = raise('no'); def cause = 1; end\nbegin; raise E, 'x'; rescue E => e; p e.backtrace; end; exit 3",
    "frozen" => "e = RuntimeError.new('x').freeze\nbegin; raise e; rescue FrozenError, RuntimeError => f; p f.class; end",
    "messages" => "class E < StandardError; def message = \"a\\nb\"; def detailed_message(**) = \"d\"; end\nraise E",
    "no_method" => "nil.foo(1)",
    "no_name" => "def x = some_name\nx",
    "zero_division" => "p 1\np(1 /\n0)",
    "exit" => "exit 7",
    "exit_false" => "exit false",
    "exit_in_a_thread" => "Thread.new { exit 4 }.join; sleep",
    "exit_now" => "$stdout.puts 1; $stdout.flush; exit! 5",
    "abort" => "abort 'so'",
    "throw" => "throw :x, 1",
    "break" => "proc { break }.call",
    "top_level_return" => "puts 1\nreturn\nputs 2",
    "in_a_thread" => "t = Thread.new { Thread.current.report_on_exception = false; def y = raise('t')\ny }\nt.join",
    "abort_on_exception" => "Thread.abort_on_exception = true; Thread.report_on_exception = false\nThread.new { raise 'x' }; sleep",
    "main_thread_ends" => "puts 1; Thread.exit; puts 2",
    "fiber" => "Fiber.new { raise 'f' }.resume",
    "interrupt" => "Process.kill(:INT, $$); sleep",
    "interrupt_raised" => "raise Interrupt, 'mine'",
    "signal" => "raise SignalException, 'TERM'",
    "stack" => "def a = a\nbegin; a; rescue SystemStackError => e; puts e.message; end; exit 2",
    "system_call" => "File.open('/none/x')",
    "load_error" => "require_relative 'not_there'",
    "eval" => "def a = eval('raise %q(e)', binding, 'there', 3)\na",
    "warning" => "warn 'w', uplevel: 0; def a = warn('v', uplevel: 1)\na",
    "trap_exit" => "trap('EXIT') { puts 'trapped' }\nat_exit { puts 'at exit' }\nraise 'x'"
  }.freeze

  ENDS.each do |what, source|
    define_method("test_end_#{what}") do
      assert_as_on_disk("#{SEEN}#{source}\n")
      assert_as_on_disk(source)
    end
  end

  def test_through_other_files
    assert_as_on_disk({ "main.rb" => "#{SEEN}require_relative 'a'\nA.new.run { raise 'x' }", "a.rb" => "class A; def run = [1].each { yield }; end" })
    assert_as_on_disk({ "main.rb" => "#{SEEN}load File.join(__dir__, 'a.rb')", "a.rb" => "raise 'in a file'" })
  end

  # Frames of who started the command, as a gem's own script does, are not the program's either.
  def test_started_by_another_script
    pack({ "main.rb" => "at_exit { puts $!.backtrace }\ndef a = raise('x')\na" })
    File.write(path("bin.rb"), "version = 1\ndef start(path) = load(path)\nstart #{EXE.inspect}")
    outcome = RubyProcess.run(*RUBY, path("bin.rb"), "run", "app.zip", chdir: @dir)
    assert_equal ["a", "<main>"], outcome.stdout.lines.map { |line| line[/[`'](?:Object#)?([^`']+)'$/, 1] }, outcome
    refute_match(/bin\.rb|exe/, outcome.stdout + outcome.stderr)
  end

  def test_names_that_are_not_ascii
    FileUtils.mkdir(path("größe"))
    pack({ "main.rb" => "def a = raise('x')\na" }, out: "größe/ö.zip")
    [{}, { "LC_ALL" => "C" }].each do |env|
      outcome = RubyProcess.run(*RUBY, EXE, "run", "größe/ö.zip", chdir: @dir, env: env)
      assert_equal [1, 2], [outcome.status, outcome.stderr.lines.size], outcome
      refute_includes outcome.stderr, EXE
    end
  end

  # docs/cli.md lists them.
  def test_what_differs_while_the_program_runs
    disk, archive = outcomes("at_exit { puts $@.first; exit 9 }\n\nputs caller(0).first\nraise 'x'\n")
    assert_equal [9, disk[1].sub("<main>", "<top (required)>")], archive.first(2)
    assert_equal disk.last, archive.last
    disk, archive = outcomes("begin; raise 'x'; rescue; abort; end")
    assert_equal [1, disk[2].sub("<main>", "<top (required)>")], [archive[0], archive[2].lines.first]
  end

  def test_caller_ends_in_two_lines_of_the_command
    pack({ "main.rb" => "def a = caller\nputs a, Thread.main.backtrace.last(2)" })
    lines = invfs("run", "app.zip").stdout.lines(chomp: true)
    assert_equal 5, lines.size, lines
    assert(lines.drop(1).all? { |line| line.start_with?("#{EXE}:") }, lines)
  end

  SOURCES = {
    "bom" => "\xEF\xBB\xBFp __ENCODING__, 'ö', DATA.read, DATA.external_encoding\n__END__\nrest",
    "encoding" => "# encoding: iso-8859-1\np __ENCODING__, '\xF6'.encoding, DATA.external_encoding, DATA.read.valid_encoding?\n__END__\n\xF6",
    "encoding_behind_a_first_line" => "#!ruby -W0\n# -*- coding: euc-jp -*-\np __ENCODING__, DATA.external_encoding\n__END__\n",
    "encoding_too_late" => "\n\n# encoding: iso-8859-1\np __ENCODING__, DATA.external_encoding\n__END__\n",
    "crlf" => "p 1\r\np DATA.read\r\n__END__\r\nx\r\n",
    "empty" => "",
    "nothing_but_data" => "__END__\n",
    "data" => "p DATA.class, DATA.path == __FILE__, DATA.lineno, DATA.gets, DATA.size, File.read(__FILE__) == (DATA.rewind; DATA.read), DATA.closed?\n__END__\na\nb\n",
    "no_data_in_a_heredoc" => "puts <<E, defined?(DATA).inspect\n__END__\nE\n",
    "data_behind_a_heredoc" => "puts <<E, DATA.read\n__END__\nE\n=begin\n__END__\n=end\n\n__END__\nö\n__END__\n",
    "its_own_files" => "p File.read(\"\#{__dir__}/main.rb\").size, File.exist?(__FILE__), Dir.children(__dir__), File.basename($0), $PROGRAM_NAME == __FILE__"
  }.freeze

  SOURCES.each do |what, source|
    define_method("test_source_#{what}") { assert_as_on_disk(source) }
  end

  def test_a_script_that_is_too_large
    pack({ "main.rb" => "p 1\n#{"#" * 300_000}\n" })
    assert_success invfs("run", "app.zip"), "1\n"
    [{}, { "RUBY_INVFS_TRANSPARENT" => "0" }].each do |env|
      outcome = invfs("run", "app.zip", env: { "RUBY_REQUIRE_INVFS_MAX_LOADSIZE" => "1", **env })
      assert_failure outcome, 1, /app\.zip: main\.rb is too large: 300005 bytes/
    end
  end

  # The message and the status; how much of the source is shown is a matter of the version of Ruby.
  def test_errors_in_the_source
    { "x = (\n1 +\n" => /main\.rb:[23]: syntax error/, "p \"\xFF\"\nö = \"\xFF" => /main\.rb:\d+: .*invalid/,
      "# encoding: none\np 1" => /unknown (?:encoding name: none|or invalid encoding)/ }.each do |source, message|
      outcomes(source).each do |status, stdout, stderr|
        assert_equal [1, ""], [status, stdout]
        assert_match message, stderr
        refute_includes stderr, EXE
      end
    end
  end
end
