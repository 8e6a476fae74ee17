# frozen_string_literal: true

# fork: the child can require everything, whatever the parent's threads were doing.
require_relative "test_helper"

class ProcessesTest < Minitest::Test
  include Differential

  def setup
    skip "this system cannot fork" unless Process.respond_to?(:fork)
  end

  def test_fork_while_another_thread_is_loading
    files = { "a.rb" => "($inside << 1; $go_on.pop) if Process.pid == PARENT; puts :ran", "b.rb" => "require 'a'; puts :b" }
    assert_as_on_disk(files, <<~'RUBY', prints: "b in the child\nran\nb\nran\nb\ntrue\n")
      PARENT = Process.pid
      $stdout.sync = true
      $inside, $go_on = Queue.new, Queue.new
      loading = Thread.new { require "a" }
      $inside.pop
      child = fork do
        puts "b in the child"
        require "b"
        exit! 0
      end
      Process.wait(child)
      $go_on << 1
      loading.join
      require "b"
      p $?.success?
    RUBY
  end

  def test_fork_while_another_thread_waits
    files = { "a.rb" => "($inside << 1; $go_on.pop) if Process.pid == PARENT; puts :ran" }
    assert_as_on_disk(files, <<~'RUBY', prints: "true\nran\nran\n[true, false]\n")
      PARENT = Process.pid
      $stdout.sync = true
      $inside, $go_on = Queue.new, Queue.new
      first = Thread.new { require "a" }
      $inside.pop
      second = Thread.new { require "a" }
      Thread.pass until second.stop?
      puts true
      Process.wait(fork { require "a"; exit! 0 })
      $go_on << 1
      p [first.value, second.value]
    RUBY
  end

  def test_fork_inside_a_file
    files = { "a.rb" => <<~'RUBY', "b.rb" => "puts :b" }
      $stdout.sync = true
      child = fork do
        p require("a")
        require "b"
        exit! 0
      end
      Process.wait(child)
      puts :parent
    RUBY
    assert_as_on_disk(files, 'p require("a"), require("b")', prints: "false\nb\nparent\nb\ntrue\ntrue\n")
  end

  def test_the_child_goes_on_loading_what_its_own_thread_began
    files = { "a.rb" => "$stdout.sync = true\nif (child = fork) then Process.wait(child) end\nputs child ? :parent : :child" }
    assert_as_on_disk(files, 'p require("a"), require("a"), Probe.features.size', prints: "child\ntrue\nfalse\n1\nparent\ntrue\nfalse\n1\n")
  end

  def test_parent_and_children_read_the_same_archive_at_once
    files = (0...50).to_h { |index| ["f#{index}.rb", "$sum += #{index} # #{"x" * 5000}"] }
    assert_as_on_disk(files, <<~'RUBY', prints: "[1225, 1225, 1225, 1225, 1225]\n")
      $sum = 0
      pipes = Array.new(4) do
        reader, writer = IO.pipe
        fork do
          50.times { |index| require "f#{index}" }
          writer.print $sum
          writer.close
          exit! 0
        end
        writer.close
        reader
      end
      50.times { |index| require "f#{index}" }
      p [$sum, *pipes.map { |pipe| pipe.read.to_i }]
      Process.waitall
    RUBY
  end

  # A fork may come after a file has run and before it is recorded, as on disk: then the child runs it again.
  def test_many_forks_while_threads_are_loading
    files = (0...60).to_h { |index| ["f#{index}.rb", "Thread.pass; F#{index} ||= 1"] }
    assert_as_on_disk(files, <<~'RUBY', prints: "true\n20\n60\n")
      loaders = Array.new(4) { |n| Thread.new { (0...60).to_a.rotate(n * 15).each { |index| require "f#{index}" } } }
      children = Array.new(20) do
        Thread.pass
        fork { exit!((0...60).all? { |index| require("f#{index}"); Object.const_defined?("F#{index}") }) }
      end
      statuses = children.map { |child| Process.wait2(child)[1].success? }
      loaders.each(&:join)
      p statuses.all?, statuses.size, Probe.features.size
    RUBY
  end

  def test_a_daemon_and_a_spawned_ruby
    files = { "a.rb" => "puts :a" }
    assert_as_on_disk(files, <<~'RUBY', prints: "plain\na\n")
      $stdout.sync = true
      system(RbConfig.ruby, "--disable-gems", "-e", "puts :plain")
      pid = fork { exec(RbConfig.ruby, "--disable-gems", "-e", "exit 0") }
      Process.wait(pid)
      require "a"
    RUBY
  end
end
