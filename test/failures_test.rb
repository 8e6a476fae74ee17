# frozen_string_literal: true

# Files that are missing, do not compile, raise, or are left by a jump: the error, and what stays recorded.
require_relative "test_helper"

class FailuresTest < Minitest::Test
  include Differential

  def test_not_found
    assert_as_on_disk({ "asks.rb" => "def ask(name) = require_relative(name)" }, <<~'RUBY', prints: <<~OUT)
      require "asks"
      calls = [-> { require("a") }, -> { require("a.rb") }, -> { require("d/a") }, -> { require("/no/a") }, -> { load("a.rb") },
               -> { load("/no/a.rb") }, -> { ask("a") }, -> { ask("d/../d/a.rb") }, -> { require("a.so") }]
      calls.each do |call|
        call.call
      rescue LoadError => e
        puts e.message, e.path
      end
    RUBY
      cannot load such file -- a
      a
      cannot load such file -- a.rb
      a.rb
      cannot load such file -- d/a
      d/a
      cannot load such file -- /no/a
      /no/a
      cannot load such file -- a.rb
      a.rb
      cannot load such file -- /no/a.rb
      /no/a.rb
      cannot load such file -- <main>/a
      <main>/a
      cannot load such file -- <main>/d/a.rb
      <main>/d/a.rb
      cannot load such file -- a.so
      a.so
    OUT
  end

  def test_the_exception_of_a_missing_file
    assert_as_on_disk({ "a.rb" => "require 'nothing'" }, <<~'RUBY')
      begin
        require "a"
      rescue LoadError => e
        p e.class, e.cause, e.path
        puts Probe.frames(e.backtrace)
      end
      p $!, Probe.features
    RUBY
  end

  def test_a_missing_file_leaves_the_error_variable_alone
    assert_as_on_disk({ "a.rb" => "" }, <<~'RUBY', prints: "nil\n#<RuntimeError: outer>\nnil\n")
      require "a"
      p $!
      begin
        raise "outer"
      rescue RuntimeError
        begin; require("nowhere"); rescue LoadError; end
        load("a.rb")
        p $!
      end
      p $!
    RUBY
  end

  SYNTAX_ERROR = { "bad.rb" => "x = 1\ny = 2\ndef broken(\nend end\n", "good.rb" => "puts :good" }.freeze

  def test_a_syntax_error
    assert_as_on_disk(SYNTAX_ERROR, <<~'RUBY')
      [-> { require("bad") }, -> { load("bad.rb") }, -> { require("#{ROOT}/bad") }].each do |call|
        call.call
      rescue SyntaxError => e
        puts e.class, e.message, (e.path if e.respond_to?(:path)), Probe.frames(e.backtrace)
      end
      p Probe.features
      require "good"
    RUBY
  end

  def test_an_uncaught_syntax_error
    assert_as_on_disk(SYNTAX_ERROR, 'require "bad"', status: 1)
  end

  def test_a_syntax_error_is_tried_again
    assert_as_on_disk(SYNTAX_ERROR, <<~'RUBY', prints: "1\n2\n")
      2.times do |count|
        require "bad"
      rescue SyntaxError
        puts count + 1
      end
    RUBY
  end

  RAISES = {
    "a.rb" => "require 'b'", "b.rb" => "def fail!\n  raise ArgumentError, 'wrong'\nend\n\n[1].each { fail! }\n"
  }.freeze

  def test_an_exception_passes_through_with_its_lines
    assert_as_on_disk(RAISES, <<~'RUBY')
      begin
        require "a"
      rescue ArgumentError => e
        puts e.message, Probe.frames(e.backtrace)
        own = e.backtrace_locations.reject { |place| Probe::NATIVE.match?(place.to_s) }
        puts Probe.frames(own.map { |place| "#{place.absolute_path}:#{place.lineno}" })
      end
      p Probe.features
    RUBY
  end

  def test_an_uncaught_exception
    assert_as_on_disk(RAISES, 'require "a"', status: 1)
  end

  def test_the_same_exception_object_arrives
    files = { "a.rb" => "raise ERROR", "b.rb" => "begin; require 'a'; rescue RuntimeError; raise; end" }
    assert_as_on_disk(files, <<~'RUBY', prints: "true\nnil\nnil\ntrue\n[]\n")
      ERROR = RuntimeError.new("one")
      begin
        require "b"
      rescue RuntimeError => e
        p e.equal?(ERROR), e.cause, $!.cause
      end
      begin
        load "a.rb"
      rescue RuntimeError => e
        p e.equal?(ERROR)
      end
      p Probe.features
    RUBY
  end

  def test_a_failed_file_runs_again
    files = { "a.rb" => "$count += 1; puts $count; raise 'not yet' if $count < 3" }
    assert_as_on_disk(files, <<~'RUBY', prints: "1\n[]\n2\n[]\n3\ntrue\n[\"<main>/a.rb\"]\nfalse\n")
      $count = 0
      2.times do
        require("a") rescue p Probe.features
      end
      p require("a"), Probe.features, require("a")
    RUBY
  end

  def test_what_a_failing_file_loaded_before_stays_loaded
    files = { "a.rb" => "require 'b'; raise 'late'", "b.rb" => "puts :b" }
    assert_as_on_disk(files, <<~'RUBY', prints: "b\n[\"<main>/b.rb\"]\n")
      2.times { require("a") rescue nil }
      p Probe.features
    RUBY
  end

  JUMPS = {
    "throw" => ["throw :out, :thrown", "catch(:out) { require 'a' }"],
    "a loop that stops" => ["raise StopIteration", "loop { require 'a' }"],
    "exit" => ["exit(3)", "begin; require 'a'; rescue SystemExit => e; e.status; end"],
    "abort" => ["abort('gone')", "begin; require 'a'; rescue SystemExit => e; e.message; end"],
    "raise of no StandardError" => ["raise Interrupt", "begin; require 'a'; rescue Interrupt => e; e.class; end"],
    "raise of an Exception" => ["raise Exception, 'x'", "begin; require 'a'; rescue Exception => e; e.message; end"],
    "a signal to itself" => ["Process.kill(:INT, $$); sleep", "begin; require 'a'; rescue Interrupt => e; e.class; end"],
    "a killed thread" => ["Thread.current.kill", "Thread.new { require 'a'; :never }.value"],
    "a continuation of the outer fiber" => ["Fiber.yield(:early)", "$fiber = Fiber.new { require 'a' }; $fiber.resume"],
    "a break from a block around" => ["$block.call", "begin; tap { $block = proc { break 1 }; require 'a' }; rescue LocalJumpError; 2; end"],
    "a stack that is too deep" => ["def deep = deep; deep", "begin; require 'a'; rescue SystemStackError => e; e.class; end"],
    "an error in an ensure" => ["begin; raise 'a'; ensure; raise 'b'; end", "begin; require 'a'; rescue => e; e.message; end"],
    "an exception from another thread" => ["$inside << 1; Queue.new.pop", <<~'RUBY']
      $inside = Queue.new
      thread = Thread.new { begin; require 'a'; rescue IOError; :raised; end }
      $inside.pop
      thread.raise(IOError)
      thread.value
    RUBY
  }.freeze

  JUMPS.each do |sentence, (leave, call)|
    define_method("test_#{sentence.tr(" ", "_")}_releases_the_locks_and_records_nothing") do
      files = { "a.rb" => "puts :in\n(#{leave}) if $first", "b.rb" => "puts :b" }
      next_call = sentence.include?("fiber") ? "" : "p require('a')"
      assert_as_on_disk(files, <<~RUBY)
        $first = true
        p((#{call}))
        p Probe.features
        $first = false
        #{next_call}
        p require("b")
        p Thread.new { require("b") }.value
      RUBY
    end
  end

  def test_exit_in_a_required_file_ends_the_program
    assert_as_on_disk({ "a.rb" => "at_exit { puts :bye }; exit 7" }, 'require "a"; puts :never', status: 7, prints: "bye\n")
  end

  def test_exit_bang_in_a_required_file
    assert_as_on_disk({ "a.rb" => "puts :in; $stdout.flush; exit! 9" }, 'require "a"', status: 9, prints: "in\n")
  end

  def test_a_killed_thread_lets_a_waiting_one_load
    files = { "a.rb" => <<~'RUBY' }
      $runs += 1
      ($inside << true; Queue.new.pop) if $runs == 1
      puts "run #{$runs}"
    RUBY
    assert_as_on_disk(files, <<~'RUBY', prints: "run 2\ntrue\nnil\n")
      $runs = 0
      $inside = Queue.new
      first = Thread.new { require "a" }
      $inside.pop
      second = Thread.new { require "a" }
      Thread.pass until second.status == "sleep"
      first.kill
      p second.value, first.value
    RUBY
  end

  def test_an_undefined_constant_and_an_undefined_method
    files = { "a.rb" => "\n\nNoSuchConstant", "b.rb" => "\nnil.no_such_method" }
    assert_as_on_disk(files, <<~'RUBY')
      %w[a b].each do |name|
        require name
      rescue NameError => e
        puts e.class, e.message, Probe.frames(e.backtrace)
      end
    RUBY
  end
end
