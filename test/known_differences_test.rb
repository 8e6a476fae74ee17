# frozen_string_literal: true

# What a VFS does differently from a directory, because Ruby leaves no other way: each difference as it is, so that one
# that goes away, or grows, is noticed.
require_relative "test_helper"

class KnownDifferencesTest < Minitest::Test
  include Differential

  # Only Ruby's own loader gives that label.
  def test_the_label_of_a_files_top_level
    assert_in_each_vfs({ "a.rb" => "p caller_locations(0, 1)[0].label == '<compiled>'" }, 'require "a"', "true\n")
  end

  def test_the_label_of_a_wrapped_files_top_level_changes_nothing_else
    files = { "a.rb" => "p caller_locations(0, 1)[0].absolute_path, __LINE__" }
    assert_in_each_vfs(files, 'load "a.rb", true', "\"<main>/a.rb\"\n1\n")
  end

  # Before Ruby 3.4, Coverage sees only files that Ruby reads by itself.
  def test_coverage_of_older_rubies_leaves_the_files_out_and_does_not_break
    covered = RUBY_VERSION >= "3.4"
    assert_in_each_vfs({ "a.rb" => "A = 1\n" }, <<~'RUBY', "1\n#{covered}\n")
      require "coverage"
      Coverage.start(lines: true, branches: true, methods: true)
      require "a"
      p A, Coverage.result.key?("#{ROOT}/a.rb")
    RUBY
  end

  # No program can fire that event.
  def test_the_event_of_a_compiled_script_does_not_come
    assert_in_each_vfs({ "a.rb" => "A = 1" }, <<~'RUBY', "1\n[]\n")
      seen = []
      TracePoint.new(:script_compiled) { |event| seen << event.instruction_sequence.path }.enable { require "a" }
      p A, seen.grep(/main\.zip/)
    RUBY
  end

  # Ruby's compiler warns of them only in files that it reads by itself.
  def test_unused_variables_at_the_top_are_not_warned_of
    files = { "a.rb" => "unused = 1\nputs :done\n" }
    others = outcomes(files, "require 'a'", ruby: ["-w"], control: false, kinds: %i[zip_fs user_vfs])
    others.each { |kind, outcome| assert_equal "status: 0\n--- stdout\ndone\n--- stderr\n", outcome.to_s, "as #{kind}" }
  end

  # Ruby itself records the path; it calls ASCII by its name there.
  def test_the_encoding_of_recorded_paths_of_ascii
    assert_in_each_vfs({ "a.rb" => "p __FILE__.encoding" }, <<~'RUBY', "#<Encoding:UTF-8>\n#<Encoding:US-ASCII>\ntrue\n")
      require "a"
      p $".last.encoding, $".include?("#{ROOT}/a.rb".encode("UTF-8"))
    RUBY
  end

  # On disk Ruby finds no Ruby frame to start from.
  def test_require_relative_as_a_block_works
    files = { "a.rb" => "p %w[b].map(&method(:require_relative))", "b.rb" => "" }
    assert_in_each_vfs(files, 'require "a"', "[true]\n")
  end

  # On disk only the wrapped file itself and what it loads with load are inside the module.
  def test_what_a_wrapped_file_requires_is_wrapped_too
    files = { "a.rb" => "require 'b'\nload 'd.rb'", "b.rb" => "B = 1", "d.rb" => "D = 1" }
    assert_in_each_vfs(files, <<~'RUBY', "[:B, :D]\nnil\n")
      module One; end
      load("a.rb", One)
      p One.constants.sort, defined?(B)
    RUBY
  end

  # Ruby 3.1 calls that a deadlock.
  def test_a_fiber_that_requires_what_its_thread_is_loading
    files = { "a.rb" => "p Fiber.new { require 'a' }.resume" }
    assert_in_each_vfs(files, 'p require("a")', "false\ntrue\n")
  end

  # On disk the second thread waits: Ruby keeps a list of what is being loaded that nobody else can add to.
  def test_an_autoload_constant_while_another_thread_requires_its_file
    files = { "a.rb" => "$inside << 1; $go_on.pop; A = :done" }
    assert_in_each_vfs(files, <<~'RUBY', "NameError\ntrue\n:done\n")
      autoload :A, "a"
      $inside, $go_on = Queue.new, Queue.new
      first = Thread.new { require("a") }
      $inside.pop
      begin
        Thread.new { Thread.current.report_on_exception = false; A }.join
      rescue NameError => e
        puts e.class
      end
      $go_on << 1
      p first.value, A
    RUBY
  end
end
