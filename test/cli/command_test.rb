# frozen_string_literal: true

# The command line: help, versions, wrong arguments, exit codes, stdout and stderr.
require_relative "cli_helper"
require "pty"

class CommandTest < Minitest::Test
  include CLIHelper

  COMMANDS = %w[pack unpack compile list verify doctor run completion].freeze

  def test_version
    ["--version", "-v", "version"].each { |option| assert_success invfs(option), "invfs #{InVFS::VERSION}\n" }
  end

  def test_help_names_every_command_and_the_exit_codes
    ["--help", "-h", "help"].each do |option|
      outcome = invfs(option)
      assert_success outcome, /\AUsage: invfs COMMAND/
      COMMANDS.each { |command| assert_match(/^  #{command} /, outcome.stdout) }
      assert_includes outcome.stdout, "Exit codes"
    end
  end

  def test_names_with_bytes_that_are_no_characters
    write({ "main.rb" => "puts 'hello'\n" }, "\xFF".b)
    assert_success invfs("pack", "\xFF", "-o", "\xFE.zip"), /\\xFE\.zip: /
    assert_success invfs("list", "\xFE.zip"), /main\.rb/
    assert_success invfs("verify", "\xFE.zip", "-q"), ""
    assert_success invfs("unpack", "\xFE.zip", "-q", "--directory", "\xFD"), ""
    assert_success invfs("run", "\xFE.zip"), "hello\n"
  end

  COMMANDS.each do |command|
    define_method("test_help_of_#{command}") do
      help = invfs(command, "--help")
      assert_success help, /\AUsage: invfs #{command} .*\n\n.*^ +-h, --help/m
      [[command, "-h"], ["help", command], [command, "--help", "nothing", "else"]].each do |arguments|
        assert_success invfs(*arguments), help.stdout
      end
      assert_operator help.stdout.lines.map { |line| line.chomp.size }.max, :<, 121
    end

    define_method("test_wrong_arguments_of_#{command}") do
      # Without an argument, doctor examines invfs itself.
      missing = /(PATH|ARCHIVE|SHELL) is missing; see invfs #{command} --help/
      assert_failure invfs(command), 2, missing unless command == "doctor"
      assert_failure invfs(command, "--nonsense", "x"), 2, /invalid option: --nonsense; see invfs #{command} --help/
      assert_failure(invfs(command, "a", "b"), 2, /not also b/) unless command == "run"
    end

    define_method("test_nothing_there_for_#{command}") do
      # A name that is not a file may be a feature.
      next assert_match(/\Ainvfs: none would raise a LoadError/, invfs(command, "none").stderr) if command == "doctor"
      next assert_failure(invfs(command, "none"), 2, /no completion for none/) if command == "completion"

      # Without Ruby's own name for what it called.
      assert_failure invfs(command, "none.zip"), 1, /\Ainvfs: No such file or directory - none.zip(, and no gem .*)?$/
    end
  end

  def test_every_option_in_the_documentation_is_there_and_the_other_way_round
    text = File.read("#{RubyProcess::PROJECT}/docs/cli.md")
    COMMANDS.each do |command|
      usage = text[/^## #{command}\n\n    invfs #{command} .*?(?=\n\n)/m]
      documented = usage.scan(/--?[a-z][\w-]*/)
      options = invfs(command, "--help").stdout[/\n\n.*/m].scan(/^ +(?:(-\w), )?    *(--[\w-]+)|^ +(-\w), (--[\w-]+)/).map(&:compact)
      documented.each { |option| assert(options.flatten.include?(option), "#{command} #{option} is not in --help") }
      options.each { |forms| assert forms.any? { |form| documented.include?(form) || form == "--help" }, "#{command} #{forms}: not in docs/cli.md" }
    end
  end

  def test_wrong_commands
    assert_failure invfs, 2, /which command/
    assert_failure invfs("frobnicate"), 2, /no command frobnicate/
    assert_failure invfs("help", "frobnicate"), 2, /no command frobnicate/
    assert_failure invfs("--frobnicate"), 2, /no command --frobnicate/
    assert_failure invfs("new\nline"), 2, /no command new line/
  end

  WRONG = {
    %w[--level 13] => /deflate has the levels 0 to 12/, %w[--method stored --level 1] => /no levels/, %w[--method zstd --level 0] => /1 to 22/,
    %w[--level high] => /invalid argument: --level high/, %w[--method lzma] => /invalid argument: --method lzma/,
    %w[--exclude] => /missing argument: --exclude/, ["--exclude", ""] => /invalid argument/, %w[--include /] => /invalid argument/,
    %w[-o] => /missing argument: -o/
  }.freeze

  def test_wrong_options_of_pack
    write({ "a" => "" })
    WRONG.each { |options, message| assert_failure invfs("pack", "app", *options), 2, message }
    assert_failure invfs("compile", "app.zip", "--level", "13"), 2, /deflate has the levels 0 to 12/
    assert_equal %w[app], tree
  end

  def test_pack_without_a_name_for_the_archive
    assert_failure invfs("pack", "/", "--include", "nothing-at-all"), 2, /-o is missing/
  end

  def test_the_archive_is_called_as_the_directory
    write({ "a" => "A" }, "sub/some.dir")
    assert_success invfs("pack", "sub/some.dir/"), /^some\.dir\.zip: /
    assert_success invfs("pack", "."), /; 2 files/
    assert_equal [File.basename(@dir) + ".zip", "some.dir.zip", "sub"].sort, tree
  end

  def test_names_with_a_dash
    write({ "-x" => "A" }, "-app")
    assert_success invfs("pack", "-q", "--", "-app")
    assert_equal({ "-x" => "A" }, contents("-app.zip"))
    assert_success invfs("list", "--", "-app.zip"), /-x$/
  end

  def test_what_pack_says
    write({ "a.rb" => "p 1", "b.md" => "x" * 2000, ".git/x" => "", ".git/y" => "", "empty/" => nil, "bad.rb" => "def" })
    assert_success invfs("pack", "app", "--exclude", "*.md"), /\Aapp is a directory\napp\.zip: \d+ B; 2 files, 6 B; left out: 3 \(\.git 2, --exclude 1\)\n\z/
    assert_success invfs("pack", "app", "--compile", "--list"), <<~OUT.then { |text| /\A#{Regexp.escape(text).sub("SIZE", '\d+ B|[\d.]+ kB').sub("WHY", ".*")}\z/ }
      app is a directory
      a.rb
      b.md
      bad.rb
      empty/
      left out (.git): .git/ (2 files)
      not compiled: bad.rb: WHY
      app.zip: SIZE; 3 files, 2.0 kB; left out: 2 (.git 2); compiled: 1 (not: 1)
    OUT
    assert_success invfs("pack", "app", "-q", "--list"), ""
  end

  def test_a_dry_run
    write({ "a.rb" => "p 1", "b.md" => "" })
    assert_success invfs("pack", "app", "--list", "-n", "--exclude", "*.md"), <<~OUT
      app is a directory
      a.rb
      left out (--exclude): b.md
      1 file, 3 B; left out: 1 (--exclude 1)
    OUT
    assert_equal %w[app], tree
  end

  def test_errors_are_one_line
    write({ "two\nlines" => :"/etc/passwd" })
    assert_failure invfs("pack", "app"), 1, /two lines: the link leads to/
  end

  def test_errors_show_even_without_warnings
    assert_failure invfs("list", "none", env: { "RUBYOPT" => "-W0" }), 1, /none/
  end

  def test_an_error_of_the_command_itself_can_be_looked_into
    outcome = invfs("list", "none", env: { "INVFS_DEBUG" => "1" })
    assert_equal 1, outcome.status
    assert_match(/cli.*Errno::ENOENT/m, outcome.stderr)
  end

  def test_a_reader_that_goes_away
    write((0...5000).to_h { |n| ["a rather long name for a file of nothing #{n}", ""] })
    pack
    reader, writer = IO.pipe
    pid = spawn(RbConfig.ruby, EXE, "list", path("app.zip"), out: writer, err: path("err"))
    writer.close
    reader.gets
    reader.close
    assert_equal 141, Process.wait2(pid)[1].exitstatus
    assert_empty File.read(path("err"))
  end

  def test_a_full_output
    skip "there is no /dev/full" unless File.exist?("/dev/full")

    pack({ "a" => "" })
    assert_equal 1, Process.wait2(spawn(RbConfig.ruby, EXE, "list", path("app.zip"), out: "/dev/full", err: path("err")))[1].exitstatus
    assert_match(/\Ainvfs: .*No space left.*\n\z/, File.read(path("err")))
  end

  # What a terminal gets.
  def on_terminal(*arguments, env: {})
    output = +""
    PTY.spawn(ENVIRONMENT.merge(env), RbConfig.ruby, EXE, *arguments, chdir: @dir) do |terminal, _, pid|
      loop { output << terminal.readpartial(1000) }
    rescue Errno::EIO, EOFError
      Process.wait(pid)
    end
    output
  rescue RuntimeError => e
    skip e.message # A chroot without /dev/pts.
  end

  def test_a_bar_on_a_terminal_and_none_elsewhere
    write({ "größe.rb" => "p 1", "b" => "" })
    bar = /\r\[=* *\] +\d+% .*\e\[K/
    output = on_terminal("pack", "app")
    assert_match bar, output
    assert_match(/\r\e\[Kapp is a directory\r\napp\.zip: /, output)
    [%w[compile app.zip], %w[verify app.zip]].each { |arguments| assert_match bar, on_terminal(*arguments) }
    refute_match bar, on_terminal("pack", "app", "--quiet")
    refute_match bar, on_terminal("pack", "app", env: { "TERM" => "dumb" })
    assert_success invfs("pack", "app")
  end
end
