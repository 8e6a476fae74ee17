# frozen_string_literal: true

# A method that hangs can be interrupted like any system call, and the interrupting exception arrives.
require_relative "support"
require "timeout"

class RubyFileSystemInterruptionsTest < RubyFileSystems::Test
  def setup
    super
    @inside = Queue.new
    inside = @inside
    @root = mount do |op, path, **|
      next unless op == :read

      inside << path
      path == "/quick" ? "quick" : Queue.new.pop
    end
  end

  # A thread that reads a file whose method hangs, once it does.
  def hanging
    thread = Thread.new do
      Thread.current.report_on_exception = false
      yield
    end
    @inside.pop
    thread
  end

  def test_kill
    after = false
    cleaned = false
    thread = hanging do
      File.read("#{@root}/hang")
      after = true
    ensure
      cleaned = true
    end
    assert_same thread, thread.kill
    assert_same thread, thread.join(60)
    assert_nil thread.value
    assert_equal [false, true, false], [after, cleaned, thread.status]
  end

  def test_kill_in_other_words
    [:terminate.to_proc, :exit.to_proc, ->(thread) { Thread.kill(thread) }].each do |kill|
      thread = hanging { File.read("#{@root}/hang") }
      kill.call(thread)
      assert_same thread, thread.join(60)
      assert_nil thread.value
    end
  end

  def test_kill_when_errors_of_the_operation_are_rescued
    after = false
    thread = hanging do
      begin
        File.read("#{@root}/hang")
      rescue StandardError
        nil
      end
      File.exist?("#{@root}/quick")
      after = true
    end
    thread.kill
    assert_same thread, thread.join(60)
    refute after
  end

  def test_operations_that_answer_no_error
    thread = hanging { File.exist?("#{@root}/hang") }
    thread.kill
    assert_same thread, thread.join(60)
    assert_nil thread.value
  end

  def test_raise
    error = Class.new(StandardError)
    { [error] => error, [error, "text"] => error, ["text"] => RuntimeError, [] => RuntimeError,
      [Interrupt] => Interrupt, [error.new("made")] => error }.each do |arguments, seen|
      thread = hanging { File.read("#{@root}/hang") }
      thread.raise(*arguments)
      raised = assert_raises(seen) { thread.join(60) }
      assert_equal arguments.last, raised.message if arguments.last.is_a?(String)
    end
    thread = hanging { File.read("#{@root}/hang") }
    assert_raises(TypeError) { thread.raise(7) }
    thread.kill.join
  end

  def test_a_thread_that_is_not_inside_is_left_alone
    thread = Thread.new do
      Thread.current.report_on_exception = false
      @inside << 1
      Queue.new.pop
    end
    @inside.pop
    thread.raise(IndexError, "plain")
    assert_raises(IndexError) { thread.join(60) }
    assert_nil Thread.new { Thread.exit }.value
    assert_nil Thread.new { Queue.new.pop }.kill.value
  end

  def test_timeout
    assert_raises(Timeout::Error) { Timeout.timeout(0.05) { File.read("#{@root}/hang") } }
    assert_raises(IndexError) { Timeout.timeout(0.05, IndexError) { File.read("#{@root}/hang") } }
    after = false
    assert_raises(Timeout::Error) do
      Timeout.timeout(0.05) do
        begin
          File.read("#{@root}/hang")
        rescue SystemCallError
          nil
        end
        after = true
      end
    end
    refute after, "the time is over inside the block"
    assert_equal "quick", Timeout.timeout(60) { File.read("#{@root}/quick") }
  end

  def test_timeout_inside_of_the_method
    root = with(read: ->(_) { Timeout.timeout(0.05) { Queue.new.pop } })
    assert_raises(Errno::EIO) { File.read("#{root}/a") }
    hanging = @root
    root = with(read: ->(_) { Timeout.timeout(0.05) { File.read("#{hanging}/hang") } })
    assert_raises(Errno::EIO) { File.read("#{root}/a") }
    root = with(read: lambda { |_|
      begin
        Timeout.timeout(0.05) { Queue.new.pop }
      rescue Timeout::Error
        "late"
      end
    })
    assert_equal "late", File.read("#{root}/a")
  end

  def test_nested_operations
    outer = nil
    root = @root
    outer = with(read: ->(_) { File.read("#{root}/hang") })
    thread = hanging { File.read("#{outer}/a") }
    thread.kill
    assert_same thread, thread.join(60)
    assert_nil thread.value
    assert_raises(Timeout::Error) { Timeout.timeout(0.05) { File.read("#{outer}/a") } }
  end

  def test_what_a_method_rescues_is_over
    inside = Queue.new
    root = with(read: lambda { |_|
      begin
        inside << true
        Queue.new.pop
      rescue Exception # rubocop:disable Lint/RescueException
        "rescued"
      end
    })
    thread = Thread.new { File.read("#{root}/a") }
    inside.pop
    thread.raise(IndexError)
    assert_equal "rescued", thread.value
    thread = Thread.new { [File.read("#{root}/a"), Queue.new.pop] }
    inside.pop
    thread.kill
    assert_same thread, thread.join(60), "nobody rescues this"
    assert_nil thread.value
  end

  def test_leaving_by_other_ways
    root = mount { |_, path, **| path == "/throw" ? throw(:out, 1) : "x" }
    said = reported { assert_nil(catch(:out) { assert_raises(Errno::EIO) { File.read("#{root}/throw") } && nil }) }
    assert_includes said, "left by throw"
    root = with(read: ->(_) { Thread.current.kill })
    assert_nil Thread.new { File.read("#{root}/a") }.value
    root = with(read: ->(_) { Thread.exit })
    assert_nil Thread.new { File.read("#{root}/a") }.value
  end

  # On Ruby 3.1 a time limit throws: what was caught must not stand in for the next throw.
  def test_a_throw_after_a_time_limit_that_was_caught
    root = with(read: lambda { |_|
      begin
        Timeout.timeout(0.05) { Queue.new.pop }
      rescue Timeout::Error
        "in time"
      end
    })
    assert_equal "in time", File.read("#{root}/a")
    root = mount { |op, *| throw(:out, 1) if op == :read }
    reported { assert_nil(catch(:out) { assert_raises(Errno::EIO) { File.read("#{root}/a") } && nil }) }
  end

  def test_exit
    outcome = program('InVFS.mount("/e") { |op, *| exit(3) if op == :read }; File.read("/e/a"); puts "after"')
    assert_equal [3, ""], [outcome.status, outcome.stdout], outcome
  end

  def test_control_c
    outcome = program(<<~'RUBY')
      InVFS.mount("/h") do |op, path, **|
        if op == :read
          Process.kill(:INT, $$)
          Queue.new.pop
        end
      end
      begin
        File.read("/h/a")
        puts "after"
      rescue Interrupt
        puts "interrupted"
      end
    RUBY
    assert_equal [0, "interrupted\n"], [outcome.status, outcome.stdout], outcome
  end

  def test_the_end_of_the_program
    outcome = program(<<~'RUBY')
      inside = Queue.new
      InVFS.mount("/h") { |op, path, **| (inside << 1) && Queue.new.pop if op == :read }
      Thread.new { File.read("/h/a") }
      inside.pop
      puts "done"
    RUBY
    assert_equal [0, "done\n", ""], [outcome.status, outcome.stdout, outcome.stderr], outcome
  end

  def test_many_interruptions_lose_none
    20.times do
      thread = hanging { File.read("#{@root}/hang") }
      Thread.new { thread.raise(IndexError) }.join
      assert_raises(IndexError) { thread.join(60) }
    end
  end

  # Others decide to raise while the thread is outside, and the exception arrives inside.
  def test_an_exception_on_its_way_into_a_method_comes_out_as_itself
    root = with(read: ->(_) { "x" })
    errors = Array.new(100) do
      started = Queue.new
      thread = Thread.new do
        Thread.current.report_on_exception = false
        started << true
        loop { File.read("#{root}/a") }
      rescue StandardError => e
        e
      end
      started.pop
      sleep(rand * 0.002)
      thread.raise(IndexError, "from outside")
      thread.value
    rescue IndexError => e
      e
    end
    assert_equal [[IndexError, "from outside"]], errors.map { |error| [error.class, error.message] }.uniq
    100.times do
      assert_raises(Timeout::Error) { Timeout.timeout(0.001 + rand * 0.002) { loop { File.read("#{root}/a") } } }
    end
  end

  def test_exceptions_keep_their_class_for_handle_interrupt
    hang = @root
    order = []
    thread = Thread.new do
      Thread.handle_interrupt(IndexError => :never) do
        Timeout.timeout(0.2) { File.read("#{hang}/hang") }
      rescue Timeout::Error
        order << :time_limit
      end
    rescue IndexError
      order << :raised
    end
    @inside.pop
    thread.raise(IndexError)
    thread.join(60)
    assert_equal %i[time_limit raised], order
  end
end
