# frozen_string_literal: true

# `invfs run` and the first line of the main script: its options work as they do for `ruby main.rb`.
require_relative "cli_helper"

class RunFirstLineTest < Minitest::Test
  include CLIHelper

  # With this parser, which is the usual one since Ruby 3.4, the first line comes too late for `-r` and for categories of
  # warnings.
  PRISM = RUBY_DESCRIPTION.include?("+PRISM")

  # Prints everything that options can change. Warnings of uninitialised variables are part of the outcome.
  STATE = <<~'RUBY'
    p verbose: $VERBOSE, debug: $DEBUG, categories: %i[deprecated experimental].map { |category| Warning[category] },
      encodings: [Encoding.default_external, Encoding.default_internal, __ENCODING__], frozen: "x".frozen?,
      loaded: $loaded, load_path: $:.grep(/inc|two/), arguments: ARGV, globals: [$flag, $long_name], directory: Dir.pwd,
      separators: [$/, $\, $;], in_place: $-i, line: __LINE__, script: __FILE__ == $0,
      data: [DATA.external_encoding, DATA.internal_encoding, DATA.lineno, DATA.pos, DATA.read.dump]
    __END__
    rést
  RUBY

  LIBRARY = "$loaded = [$VERBOSE, $DEBUG, $/, File.basename($0), __FILE__ == $0, Encoding.default_external]"

  ARGUMENTS = ["-flag", "-long-name=a=b", "x"].freeze

  def on_disk_and_in_archive(source, arguments = ARGUMENTS, ruby: ["--disable=gems"])
    write({ "mine.rb" => LIBRARY }, "inc")
    write({ "main.rb" => source })
    pack
    [path("app/main.rb"), [EXE, "run", path("app.zip")]].map do |started|
      outcome = RubyProcess.run(*ruby, *started, *arguments, chdir: @dir, env: ENVIRONMENT)
      # Ruby calls itself as it was called.
      stderr = outcome.stderr.gsub(/^#{RbConfig.ruby}: warning/, "ruby: warning")
      [outcome.status, *[outcome.stdout, stderr].map { |text| text.gsub(%r{#{@dir}/app(\.zip)?/}, "") }]
    end
  end

  def assert_as_on_disk(source, *rest, **options)
    disk, archive = on_disk_and_in_archive(source, *rest, **options)
    assert_equal disk, archive, source
    disk
  end

  # In groups, so that a failure says what it is about and no test takes long.
  HONOURED = {
    "warnings" => %w[-w -W -W0 -W1 -W2 -W3 -v --verbose -d --debug -W1d -wd -vw -W:deprecated -W:no-experimental -W:none] +
                  ["-w -W0", "-W0 -w", "-w -W:no-deprecated", "-W:no-deprecated -w", "-d -W0", "-W1 -W:experimental"],
    "libraries" => ["-I inc", "-Iinc:two", "-I", "-I inc -r mine", "-rmine -Iinc -w", "-r", "-C inc -I .", "-xinc -I."],
    "encodings" => ["-E iso-8859-1", "-Eascii-8bit:utf-8", "-E :utf-8", "-U", "-Ku", "-Kx", "-E utf-8 -Ku", "--encoding=iso-8859-1:utf-8",
                    "--external-encoding iso-8859-2", "--internal-encoding=utf-8", "-Iinc -rmine -E iso-8859-1", "-U -w"] +
                   (PRISM ? [] : ["-E ascii-8bit -Ku"]),
    "separators" => %w[-0 -00 -0777 -072 -0w -l -F: -Fa+ -i -i.bak] + ["-l -0", "-0 -l"],
    "globals" => ["-s", "-sw", "-s --"],
    "nothing_in_ruby_either" => %w[-S -x -h --help --version --copyright --yjit --enable=frozen-string-literal
                                   --disable-frozen-string-literal --debug-frozen-string-literal --disable=gems --disable=rubyopt --enable=gems],
    "where_options_end" => ["-", "--", "-- -w", "- -w", "-w x -d", "x -w", "-w # -d", "\"-w\"", "-w \t -d  ", "-s\r"]
  }.freeze

  HONOURED.each do |what, options|
    define_method("test_honoured_#{what}") do
      options.each { |option| assert_as_on_disk("#!/usr/bin/env ruby #{option}\n#{STATE}") }
    end
  end

  LINES = ["#!ruby -w", "#!ruby -w -W:none\r", "#!ruby -W0 -W:none\r", "#!ruby -W:none -W0\r", "#! /usr/bin/ruby3.1 -w", "#!/usr/bin/env -S ruby -w -W:no-deprecated", "#!/usr/bin/env -w ruby", "#!/opt/jruby -w", "#!ruby",
           "#!ruby\t-w", "#!ruby\0 -w", "#!ruby -w\r", "#!ruby\r", " #!ruby -w", "\xEF\xBB\xBF#!ruby -w", "#!ruby -w\n#!ruby -W0", "# ruby -w",
           "#!ruby -w\n# encoding: iso-8859-1"].freeze

  def test_lines
    LINES.each { |line| assert_as_on_disk("#{line}\n#{STATE}") }
  end

  # The state of the file may also depend on the command line of Ruby.
  def test_data
    %w[-W1 -Eiso-8859-1:utf-8 -U].each do |ruby|
      ["", "#!ruby -U\n", "# encoding: iso-8859-1\n", "#!ruby -E iso-8859-1:utf-8\n# encoding: utf-8\n"].each do |line|
        assert_as_on_disk("#{line}p DATA.external_encoding, DATA.internal_encoding, DATA.lineno, DATA.read.dump\n__END__\n\u00F6\n",
                          ruby: ["--disable=gems", ruby])
      end
    end
  end

  # Since Ruby 3.3 the encodings of the command line stand; before, Ruby refused others.
  def test_encodings_come_behind_the_command_line_of_ruby
    source = "p [Encoding.default_external, Encoding.default_internal, __ENCODING__]"
    %w[-Ebinary -E:utf-8 -E:iso-8859-2 -Ebinary:utf-8 -U -Kn].each do |ruby|
      ["-E iso-8859-1", "-E :iso-8859-1", "-E iso-8859-1:iso-8859-2", "-U"].each do |option|
        disk, archive = on_disk_and_in_archive("#!ruby #{option}\n# encoding: utf-8\n#{source}", ruby: ["--disable=gems", ruby])
        assert_equal disk.first(2), archive.first(2), [ruby, option]
        assert_match(/already set to/, archive.last) unless disk.first.zero?
      end
    end
  end

  def test_the_older_parser
    skip "this Ruby has no other" unless PRISM
    ["-w", "-W:none -w\r", "-Iinc -rmine", "-E ascii-8bit -Ku", "-W:no-experimental"].each do |option|
      assert_as_on_disk("#!ruby #{option}\n# encoding: iso-8859-1\n#{STATE}", ruby: %w[--disable=gems --parser=parse.y])
    end
  end

  # Since Ruby 3.3 what the command line says about a category stands; where it says what is so anyway, nobody can know.
  UNKNOWN = RUBY_VERSION >= "3.3" && !PRISM ? %w[-W1 -W:no-deprecated].product(%w[-w -W:deprecated]) : []

  def test_it_comes_behind_the_command_line_of_ruby
    options = %w[-W0 -W1 -w -d -W:no-deprecated -W:no-experimental].product(%w[-w -W0 -W:deprecated -W:no-deprecated])
    (options - UNKNOWN).each do |ruby, option|
      assert_as_on_disk("#!ruby #{option}\n#{STATE}", ruby: ["--disable=gems", ruby])
    end
  end

  def test_globals_from_arguments
    source = "#!ruby -s\np ARGV, $flag, $_under, $long_name, global_variables.grep(/flag|under|long/).sort\n"
    [["-flag", "--", "-long-name"], ["--under=x"], ["-flag=", "a", "-x"], ["-1"], ["-"], []].each do |arguments|
      assert_as_on_disk(source, arguments)
    end
    status, _, message = on_disk_and_in_archive(source, ["-a.b"]).last
    assert_equal [1, true], [status, message.include?("invalid name for global variable - -a.b (NameError)")], message
  end

  IMPOSSIBLE = %w[-n -p -a -ne -wn -c -y -ep -Ke -Kn -Ks --dump=insns --yydebug --backtrace-limit=3].freeze

  def test_the_encoding_of_the_source
    skip "the older parser has UTF-8 here" unless PRISM
    assert_includes refusal("#!ruby -E ascii-8bit -Ku"), "-Ku takes effect only when Ruby starts"
  end

  # Ruby has refused these as well.
  INVALID = { "-z" => "invalid option -z", "-T" => "invalid option -T", "--bogus" => "invalid option --bogus", "-E" => "missing argument for -E",
              "--encoding" => "missing argument for --encoding", "-E none" => "unknown encoding name - none", "-E a:b:c" => "extra argument for -E: c",
              "-Ku -E iso-8859-1" => "default_external already set to UTF-8", "-C nowhere" => "Can't chdir to nowhere", "-C" => "missing argument for -C",
              "-F(" => "unmatched parenthesis" }.freeze

  def refusal(line)
    pack({ "main.rb" => "#{line}\nputs 'not to be run'" })
    outcome = invfs("run", "app.zip")
    assert_failure outcome, 1, /\Ainvfs: #{path("app.zip/main.rb")}: /
    outcome.stderr
  end

  def test_what_cannot_be_set_is_an_error
    IMPOSSIBLE.each do |option|
      named = { "-ne" => "-n", "-wn" => "-n", "-ep" => "-e" }.fetch(option, option[/\A[^=]*/])
      assert_includes refusal("#!/usr/bin/env ruby #{option}"), "in its first line: #{named} takes effect only when Ruby starts"
    end
  end

  def test_what_ruby_refuses
    INVALID.each { |option, message| assert_includes refusal("#!ruby #{option}"), message }
    assert_includes refusal("#!/bin/sh -w"), "no Ruby script: its first line is #!/bin/sh -w"
  end

  def test_lines_that_may_be_for_other_programs
    ["#!", "#! ", "#!/bin/sh -w", "\xEF\xBB\xBF#!", "\xEF\xBB\xBF#!/bin/sh"].each do |line|
      disk, archive = on_disk_and_in_archive("#{line}\np 1")
      assert_equal disk.first(2), archive.first(2), line
      assert_match(/no Ruby script/, archive.last, line) unless disk.first.zero?
    end
  end

  def test_features_that_are_loaded_already
    pack({ "main.rb" => "#!ruby --disable=gems\np 1" })
    outcome = RubyProcess.run(EXE, "run", path("app.zip"))
    assert_failure outcome, 1, /--disable=gems takes effect only when Ruby starts/
  end

  def test_a_library_that_does_not_exist
    disk, archive = on_disk_and_in_archive("#!ruby -rnot_there\np 1")
    return assert_equal([[0, "1\n", ""]] * 2, [disk, archive]) if PRISM

    assert_equal [1, ""], archive.first(2)
    assert_equal "main.rb: cannot load such file -- not_there (LoadError)\n", archive.last
    assert_equal disk.first, archive.first
  end

  def test_libraries_of_the_archive
    pack({ "main.rb" => "#!ruby -rmine\np defined?($mine) && $mine", "lib/mine.rb" => "$mine = __FILE__" })
    assert_success invfs("run", "app.zip"), "#{(path("app.zip/lib/mine.rb") unless PRISM).inspect}\n"
  end
end
