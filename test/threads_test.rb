# frozen_string_literal: true

# Several threads that require: each file runs once, no thread waits forever.
require_relative "test_helper"

class ThreadsTest < Minitest::Test
  include Differential

  def test_two_threads_require_one_file
    files = { "a.rb" => "$inside << true; $go_on.pop; puts :ran; DONE = true" }
    assert_as_on_disk(files, <<~'RUBY', prints: "ran\n[true, true]\n[false, true]\n")
      $inside, $go_on = Queue.new, Queue.new
      first = Thread.new { [require("a"), defined?(DONE) == "expression" || DONE] }
      $inside.pop
      second = Thread.new { [require("a"), DONE] }
      Thread.pass until second.stop?
      $go_on << true
      p first.value, second.value
    RUBY
  end

  WAYS = ['require("a")', 'require("a.rb")', 'require("#{ROOT}/a")', 'require_relative("#{ROOT}/a.rb")'].freeze

  WAYS.each_with_index do |way, index|
    define_method("test_a_second_thread_waits_in_whichever_way_it_asks_#{index}") do
      files = { "a.rb" => "$inside << true; $go_on.pop; A = :done" }
      assert_as_on_disk(files, <<~RUBY)
        $inside, $go_on = Queue.new, Queue.new
        first = Thread.new { require("a") }
        $inside.pop
        second = Thread.new { #{way} }
        Thread.pass until second.stop?
        p second.alive?
        $go_on << true
        p first.value, second.value, A
      RUBY
    end
  end

  def test_when_the_first_raises_the_second_runs_it
    files = { "a.rb" => <<~'RUBY' }
      number = ($runs += 1)
      ($inside << true; $go_on.pop; raise "the first") if number == 1
      puts "run #{number}"
    RUBY
    assert_as_on_disk(files, <<~'RUBY', prints: "run 2\n\"the first\"\ntrue\n1\n")
      $runs = 0
      $inside, $go_on = Queue.new, Queue.new
      first = Thread.new { require("a") rescue $!.message }
      $inside.pop
      second = Thread.new { require("a") }
      Thread.pass until second.stop?
      $go_on << true
      p first.value, second.value, Probe.features.size
    RUBY
  end

  def test_many_wait_while_one_after_the_other_fails
    files = { "a.rb" => "$runs << 1; Thread.pass; raise 'no' if $runs.size < 5" }
    assert_as_on_disk(files, <<~'RUBY', prints: "5\n1\n4\n7\n")
      $runs = Queue.new
      results = Array.new(12) { Thread.new { require("a") rescue :raised } }.map(&:value)
      p $runs.size, results.count(true), results.count(:raised), results.count(false)
    RUBY
  end

  CIRCLE = {
    "a.rb" => "puts :a; p require('b'); A = 1", "b.rb" => "puts :b; p require('a'); p require_relative('a'); p defined?(A); B = 1"
  }.freeze

  def test_a_circle_in_one_thread
    assert_as_on_disk(CIRCLE, 'p require("a"); puts Probe.features', prints: <<~OUT)
      a
      b
      false
      false
      nil
      true
      true
      <main>/b.rb
      <main>/a.rb
    OUT
  end

  def test_a_circle_warns_under_w
    outcomes(CIRCLE, 'require "a"', ruby: ["-w"], kinds: %i[zip_fs archive_path user_vfs mount]).each do |kind, outcome|
      warnings = outcome.stderr.scan(/loading in progress, circular require considered harmful - (\S+)/)
      assert_equal [["<main>/a.rb"]], warnings.uniq, "as #{kind}\n#{outcome}"
    end
  end

  def test_a_file_that_requires_itself
    files = { "a.rb" => "p require('a'), require('a.rb'), require_relative('a'), require(__FILE__)" }
    assert_as_on_disk(files, 'p require("a")', prints: "false\nfalse\nfalse\nfalse\ntrue\n")
  end

  def test_a_file_that_loads_itself_by_load
    files = { "a.rb" => "$depth += 1; load 'a.rb' if $depth < 5" }
    assert_as_on_disk(files, "$depth = 0; p require('a'), $depth, Probe.features.size", prints: "true\n5\n1\n")
  end

  # Plain Ruby deadlocks here, also with mounts. The loader of invfs must not: every thread ends, with or without an error.
  def test_a_circle_across_two_threads
    files = { "a.rb" => "$a << 1; $b.pop; require 'b'; A = 1", "b.rb" => "$b << 1; $a.pop; require 'a'; B = 1" }
    assert_in_each_vfs(files, "$a, $b = Queue.new, Queue.new\n#{ends_for(%w[a b])}", "true\n[1, 1]\n2\n", mounts: false)
  end

  def test_a_circle_across_three_threads
    files = %w[a b c].zip(%w[b c a]).to_h do |name, other|
      ["#{name}.rb", "$in << 1; Thread.pass until $in.size >= 3; require '#{other}'; #{name.upcase} = 1"]
    end
    assert_in_each_vfs(files, "$in = Queue.new\n#{ends_for(%w[a b c])}", "true\n[1, 1, 1]\n3\n", mounts: false)
  end

  # One thread per name; whatever they end with, afterwards everything can be loaded.
  def ends_for(names)
    <<~RUBY
      names = #{names.inspect}
      threads = names.map { |name| Thread.new { Thread.current.report_on_exception = false; require(name) } }
      threads.each do |thread|
        thread.join
      rescue Exception
        thread.join(0)
      end
      p threads.none?(&:alive?)
      [$a, $b, $in].compact.each { |queue| names.size.times { queue << 1 } }
      names.each { |name| require(name) }
      p names.map { |name| Object.const_get(name.upcase) }, Probe.features.size
    RUBY
  end
  private :ends_for

  def test_a_thread_started_while_loading_that_requires_the_same_file
    files = { "a.rb" => "$thread = Thread.new { require 'a' }; Thread.pass until $thread.stop?; p $thread.alive?" }
    assert_as_on_disk(files, 'p require("a"), $thread.value', prints: "true\ntrue\nfalse\n")
  end

  # Ruby itself cannot do this: the outer thread waits for the inner one, which waits for the file.
  def test_a_thread_that_is_joined_while_loading_ends_in_an_error_and_no_hang
    files = { "a.rb" => "Thread.new { require 'a' }.join" }
    assert_as_on_disk(files, <<~'RUBY')
      Thread.report_on_exception = false
      begin
        require "a"
        puts :loaded
      rescue Exception => e
        puts e.class
      end
    RUBY
  end

  def test_different_files_load_side_by_side
    files = { "a.rb" => "$a << 1; $b.pop; A = 1", "b.rb" => "$b << 1; $a.pop; B = 1" }
    assert_as_on_disk(files, <<~'RUBY', prints: "[true, true]\n")
      $a, $b = Queue.new, Queue.new
      p %w[a b].map { |name| Thread.new { require(name) } }.map(&:value)
    RUBY
  end

  def test_an_exception_raised_into_a_waiting_thread
    files = { "a.rb" => "$inside << 1; $go_on.pop" }
    assert_as_on_disk(files, <<~'RUBY', prints: "\"interrupted\"\ntrue\nfalse\n")
      $inside, $go_on = Queue.new, Queue.new
      first = Thread.new { require "a" }
      $inside.pop
      second = Thread.new { require("a") rescue $!.message }
      Thread.pass until second.stop?
      second.raise("interrupted")
      p second.value
      $go_on << 1
      p first.value, require("a")
    RUBY
  end

  # 500 files that need each other in no circle, asked for by 64 threads, each in an order of its own.
  def test_64_threads_and_500_files
    files = (0...500).to_h do |index|
      needs = [index / 2, index / 3].uniq.reject { |other| other == index }
      ["f#{index}.rb", needs.map { |other| "require 'f#{other}'\n" }.join + "$runs << #{index}\nF#{index} = #{index}\n"]
    end
    assert_as_on_disk(files, <<~'RUBY', prints: "500\n500\n500\n500\ntrue\n")
      $runs = Queue.new
      gate = Queue.new
      results = Array.new(64) do |number|
        Thread.new do
          gate.pop
          (0...500).to_a.shuffle(random: Random.new(number)).count { |index| require("f#{index}") }
        end
      end
      64.times { gate << true }
      puts results.sum(&:value) <= 500 ? 500 : :too_many
      runs = Array.new($runs.size) { $runs.pop }
      p runs.size, runs.uniq.size, Probe.features.uniq.size
      p (0...500).all? { |index| Object.const_get("F#{index}") == index }
    RUBY
  end

  # It keeps its length: if `$:` grows while Ruby's own search asks an object in it for its path, Ruby reads past the end
  # of an Array (seen in 3.1.2 without invfs, too), and raises a TypeError or crashes.
  def test_threads_that_change_the_load_path_while_others_require
    files = (0...100).to_h { |index| ["f#{index}.rb", "$runs << #{index}"] }
    assert_as_on_disk(files, <<~'RUBY', on_disk: { real: {} }, prints: "100\n100\n")
      $runs = Queue.new
      $: << ROOTS[:real]
      changers = Array.new(4) { Thread.new { 200.times { |time| $:[-1] = [ROOTS[:real], "/nowhere"][time % 2]; Thread.pass } } }
      loaders = Array.new(8) { Thread.new { 100.times { |index| require("f#{index}"); Thread.pass } } }
      (changers + loaders).each(&:join)
      p $runs.size, Probe.features.size
    RUBY
  end
end
