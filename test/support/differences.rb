# frozen_string_literal: true

# The rows of "Systems without mounts" in docs/compatibility.md. With mounts Ruby itself loads the code, and each
# program prints the same as on disk. Without them invfs loads it, and the output differs.
require_relative "trees"

module Differences
  # files, program:: the program to run
  # on_disk:: its output on disk; nil: depends on the Ruby
  # without_mounts:: its output in a VFS without mounts
  # kinds:: the kinds of VFS that can take part
  Row = Struct.new(:files, :program, :on_disk, :without_mounts, :kinds, keyword_init: true) do
    def initialize(kinds: Trees::KINDS, program: 'require "a"', **rest) = super
  end

  # A VFS of four methods does not list its files.
  LISTED = Trees::KINDS - [:user_vfs]

  ROWS = {
    reading_other_files: Row.new(
      files: { "a.rb" => 'p File.exist?("#{__dir__}/x.txt"), (File.read("#{__dir__}/x.txt") rescue $!.is_a?(SystemCallError))', "x.txt" => "hello" },
      on_disk: "true\n\"hello\"\n", without_mounts: "false\ntrue\n"
    ),
    listing_files: Row.new(
      files: { "a.rb" => 'p Dir.glob("#{__dir__}/**/*.txt").map { |path| File.basename(path) }.sort', "x.txt" => "", "d/y.txt" => "" },
      on_disk: "[\"x.txt\", \"y.txt\"]\n", without_mounts: "[]\n", kinds: LISTED
    ),
    finding_files_of_all_gems: Row.new(
      files: { "some/plugin_of_mine.rb" => "" }, program: 'p Gem.find_files("some/plugin_of_*").map { |path| File.basename(path) }',
      on_disk: "[\"plugin_of_mine.rb\"]\n", without_mounts: "[]\n", kinds: LISTED
    ),
    the_label_of_a_files_top_level: Row.new(
      files: { "a.rb" => "p caller_locations(0, 1)[0].label == '<compiled>'" }, on_disk: "false\n", without_mounts: "true\n"
    ),
    # The machinery of these tests also runs the program with eval.
    frames_of_eval: Row.new(
      files: { "a.rb" => "p caller.count { |line| line.start_with?(BASE) && line.match?(/in [`'](.*#)?eval'/) }" },
      on_disk: "0\n", without_mounts: "1\n"
    ),
    # error_highlight opens the file by its path.
    tools_that_show_source: Row.new(
      files: { "a.rb" => "nil.foo\n" }, program: <<~'RUBY', on_disk: "\nnil.foo\n   ^^^^\nend\n", without_mounts: "end\n"
        require "error_highlight"
        begin
          require "a"
        rescue NoMethodError => e
          message = e.respond_to?(:detailed_message) ? e.detailed_message(highlight: false) : e.message
          puts message.lines.drop(1), :end
        end
      RUBY
    ),
    script_lines: Row.new(
      files: { "a.rb" => "A = 1\n" }, program: <<~'RUBY', on_disk: "[\"A = 1\\n\"]\n", without_mounts: "nil\n"
        SCRIPT_LINES__ = {}
        require "a"
        p SCRIPT_LINES__["#{ROOT}/a.rb"]
      RUBY
    ),
    load_iseq: Row.new(
      files: { "a.rb" => "" }, program: <<~'RUBY', on_disk: "[\"<main>/a.rb\"]\n", without_mounts: "[]\n"
        $asked = []
        class << RubyVM::InstructionSequence
          def load_iseq(path) = ($asked << path) && nil
        end
        require "a"
        p $asked.select { |path| path.start_with?(ROOT) }
      RUBY
    ),
    # Before Ruby 3.4, Coverage sees only files that Ruby reads itself.
    coverage: Row.new(
      files: { "a.rb" => "A = 1\n" }, program: <<~'RUBY', on_disk: "1\ntrue\n", without_mounts: "1\n#{RUBY_VERSION >= "3.4"}\n"
        require "coverage"
        Coverage.start(lines: true, branches: true, methods: true)
        require "a"
        p A, Coverage.result.key?("#{ROOT}/a.rb")
      RUBY
    ),
    the_event_of_a_compiled_script: Row.new(
      files: { "a.rb" => "A = 1" }, program: <<~'RUBY', on_disk: "[\"<main>/a.rb\"]\n", without_mounts: "[]\n"
        seen = []
        TracePoint.new(:script_compiled) { |event| seen << event.instruction_sequence.path }.enable { require "a" }
        p seen.select { |path| path.start_with?(ROOT) }
      RUBY
    ),
    # Ruby's compiler warns about them only in files that Ruby reads itself.
    warnings_of_unused_variables_at_the_top: Row.new(
      files: { "a.rb" => "unused = 1\nputs :done\n" }, program: <<~RUBY, without_mounts: "done\n",
        def Warning.warn(message, **) = puts(message)
        $VERBOSE = true
        require "a"
      RUBY
      on_disk: "<main>/a.rb:1: warning: assigned but unused variable - unused\ndone\n"
    ),
    # Ruby itself records the path, and labels ASCII as US-ASCII there.
    the_encoding_of_recorded_paths_of_ascii: Row.new(
      files: { "a.rb" => "p __FILE__.encoding" }, program: <<~'RUBY', without_mounts: "#<Encoding:UTF-8>\n#<Encoding:US-ASCII>\ntrue\n",
        require "a"
        p $".last.encoding, $".include?("#{ROOT}/a.rb".encode("UTF-8"))
      RUBY
      on_disk: "#<Encoding:UTF-8>\n#<Encoding:UTF-8>\ntrue\n"
    ),
    # Ruby's own load runs the file, and its wrapping module is still active when the require of invfs runs another.
    what_a_wrapped_file_requires: Row.new(
      files: { "a.rb" => "require 'b'\nload 'd.rb'", "b.rb" => "B = 1", "d.rb" => "D = 1" }, program: <<~'RUBY',
        module One; end
        load("a.rb", One)
        p One.constants.sort, defined?(B)
      RUBY
      on_disk: "[:D]\n\"constant\"\n", without_mounts: "[:B, :D]\nnil\n"
    ),
    # Ruby 3.1 calls that a deadlock.
    a_fiber_that_requires_what_its_thread_is_loading: Row.new(
      files: { "a.rb" => "p Fiber.new { begin; require 'a'; rescue Exception; $!.class; end }.resume" },
      program: 'p require("a")', without_mounts: "false\ntrue\n"
    ),
    # Plain Ruby deadlocks here, and reports it where it notices.
    a_circle_across_two_threads: Row.new(
      files: { "a.rb" => "$a << 1; $b.pop; require 'b'", "b.rb" => "$b << 1; $a.pop; require 'a'" }, program: <<~'RUBY',
        $a, $b = Queue.new, Queue.new
        threads = %w[a b].map { |name| Thread.new { require(name) } }
        p threads.map { |thread| thread.join(defined?(InVFS) && !InVFS.transparent? ? 60 : 0.2) ? thread.value : :waits }
      RUBY
      on_disk: "[:waits, :waits]\n", without_mounts: "[true, true]\n"
    ),
    # Ruby keeps a list of files being loaded, and nobody else can add to it.
    an_autoload_constant_while_another_thread_requires_its_file: Row.new(
      files: { "a.rb" => "$inside << 1; $go_on.pop; A = :done" }, program: <<~'RUBY',
        autoload :A, "a"
        $inside, $go_on = Queue.new, Queue.new
        first = Thread.new { require("a") }
        $inside.pop
        second = Thread.new { A rescue $!.class }
        second.join(defined?(InVFS) && !InVFS.transparent? ? 60 : 0.2)
        $go_on << 1
        p first.value, second.value
      RUBY
      on_disk: "true\n:done\n", without_mounts: "true\nNameError\n"
    ),
    features_while_a_file_runs_that_an_autoload_announced: Row.new(
      files: { "a.rb" => "p $\".include?(__FILE__)\nA = 1" }, program: <<~'RUBY', on_disk: "false\n1\ntrue\n", without_mounts: "true\n1\ntrue\n"
        autoload :A, "a"
        p A, $".include?("#{ROOT}/a.rb")
      RUBY
    )
  }.freeze
end
