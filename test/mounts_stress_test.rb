# frozen_string_literal: true

# Mounts under load: threads, forks, the garbage collector, and numbers large enough to reveal a leak.
require_relative "test_helper"
require_relative "support/mount_process"

class MountsStressTest < Minitest::Test
  include MountProcess::Assertions

  FULL = MountProcess::FULL

  # Eight threads use two mounts and the disk; one mount comes and goes meanwhile.
  BUSY = <<~'RUBY'
    $stop, $wrong = false, Queue.new
    def step(index, kind)
      case kind
      when 0 then File.read("#{ROOT}/f/#{index}.txt") == content(index)
      when 1 then File.read("#{ROOT}2/f/#{index}.txt") == content(index)
      when 2 then Dir.children("#{ROOT}2/d").sort == %w[one.txt sub two.txt]
      when 3 then File.stat("#{ROOT}2/f/#{index}.txt").size == content(index).size
      when 4 then File.read("#{DIRECTORY}/real.txt") == "real\n"
      else File.open("#{ROOT}2/f/#{index}.txt") { |file| Thread.pass; file.read == content(index) }
      end
    rescue Errno::ENOENT
      # The second mount is not there all the time.
      [1, 2, 3, 5].include?(kind)
    end
    def busy
      mount
      $rounds = 0
      threads = Array.new(8) do |number|
        Thread.new do
          (number..).each do |index|
            break if $stop
            step(index * 7 % 100, index % 6) or $wrong << [index * 7 % 100, index % 6]
            $rounds += 1
          end
        end
      end
      threads << Thread.new do
        until $stop
          mount("#{ROOT}2")
          5.times { Thread.pass }
          InVFS.unmount("#{ROOT}2")
          Thread.pass
        end
      end
      yield
      $stop = true
      threads.each(&:join)
      abort $wrong.pop.inspect unless $wrong.empty?
    end
  RUBY

  def test_threads_while_mounts_come_and_go
    assert_right("#{BUSY}\nrounds = #{FULL ? 200_000 : 10_000}\nbusy { Thread.pass until $rounds > rounds }")
  end

  def test_forks_under_busy_threads
    assert_right(<<~RUBY)
      #{BUSY}
      busy do
        #{FULL ? 1000 : 60}.times do |number|
          same(0) do
            child do
              same(content(number % 100)) { File.read("\#{ROOT}/f/\#{number % 100}.txt") }
              same(3) { Dir.children("\#{ROOT}/d").size }
              mount("\#{ROOT}3")
              same("hello\\n") { File.read("\#{ROOT}3/hello.txt") }
              all_right if number % 10 == 0
            end
          end
        end
      end
    RUBY
  end

  def test_forks_while_others_hold_files
    assert_right(<<~'RUBY')
      mount
      files = Array.new(20) { |index| File.open("#{ROOT}/f/#{index}.txt") }
      directory = Dir.open("#{ROOT}/d")
      InVFS.unmount(ROOT)
      Array.new(4) do
        Thread.new do
          same(0) do
            child do
              files.each_with_index { |file, index| same(content(index)) { file.pread(10_000, 0) } }
              same(3) { directory.children.size }
            end
          end
        end
      end.each(&:join)
      files.each_with_index { |file, index| same(content(index)) { file.read } }
      same(3) { directory.children.size }
    RUBY
  end

  # What may be left over, in kilobytes: bounded tables fill up, whatever the number of rounds.
  TABLES = 12_000

  {
    "opening files" => 'File.open("#{ROOT}/f/#{number % 100}.txt") { |file| file.getc }',
    "opening directories" => 'Dir.children("#{ROOT}/d")',
    "directories for the collector" => 'Dir.open("#{ROOT}/d"); GC.start if number % 200 == 199',
    "opening what is not there" => 'same(Errno::ENOENT) { File.open("#{ROOT}/none#{number}") }',
    "opening what is not there on disk" => 'same(Errno::ENOENT) { File.open("#{DIRECTORY}/none#{number}") }',
    "listing what is no directory" => 'same(Errno::ENOTDIR) { Dir.children("#{ROOT}/hello.txt") }',
    "mounting" => 'mount("#{ROOT}2"); InVFS.unmount("#{ROOT}2")'
  }.each do |name, step|
    define_method("test_no_leak_after_#{name.tr(" ", "_")}") { assert_no_leak(FULL ? 100_000 : 5000, step) }
  end

  {
    "mounting and reading" => 'mount("#{ROOT}2"); 3.times { File.read("#{ROOT}2/hello.txt") }; InVFS.unmount("#{ROOT}2")',
    "archives that are collected" => 'InVFS.mount("#{ROOT}2", InVFS.zip(ARCHIVE)); File.read("#{ROOT}2/hello.txt"); InVFS.unmount("#{ROOT}2"); GC.start if number % 100 == 99',
    "working directories" => 'Dir.chdir("#{ROOT}/d") { File.read("one.txt") }',
    "duplicates of directories" => 'directory = Dir.open("#{ROOT}/d"); IO.for_fd(directory.fileno, autoclose: false).dup.close; directory.close',
    "patterns" => 'Dir.glob("#{ROOT}/d/**/*")',
    "libraries that are none" => 'begin Fiddle.dlopen("#{ROOT}/f/#{number % 100}.txt"); rescue Fiddle::DLError; end'
  }.each do |name, step|
    define_method("test_no_leak_after_#{name.tr(" ", "_")}") { assert_no_leak(FULL ? 20_000 : 1000, step) }
  end

  def test_no_leak_after_child_processes
    assert_no_leak(FULL ? 1000 : 40, <<~'RUBY')
      system("true", in: "#{ROOT}/hello.txt", chdir: "#{ROOT}/d")
      system("#{ROOT}/bin/echo", out: File::NULL)
    RUBY
  end

  def test_the_collector_at_every_allocation
    assert_right(<<~RUBY)
      mount
      GC.stress = true
      #{FULL ? 20 : 1}.times { all_right }
      GC.stress = false
      #{FULL ? 100 : 5}.times do
        GC.compact if GC.respond_to?(:compact)
        all_right
      end
      same([ROOT]) { InVFS.mounts.keys }
    RUBY
  end

  def test_threads_that_are_killed_and_signals
    assert_right(<<~RUBY)
      require "timeout"
      def all_right_here = same(content(7)) { File.read("\#{ROOT}/f/7.txt") }
      mount
      trap(:USR1) { same("hello\\n") { File.read("\#{ROOT}/hello.txt") } }
      #{FULL ? 1000 : 50}.times do
        began = Queue.new
        thread = Thread.new { loop { began << 1; all_right_here; Dir.glob("\#{ROOT}/**/*") } }
        began.pop
        Process.kill(:USR1, Process.pid)
        thread.kill.join
      end
      #{FULL ? 200 : 20}.times do
        Timeout.timeout(0.002) { loop { all_right_here } }
      rescue Timeout::Error
        next
      end
      all_right
    RUBY
  end

  private

  def assert_no_leak(rounds, step)
    assert_right(<<~RUBY, rounds.to_s)
      mount
      def rounds(count) = count.times { |number| #{step} }
      rounds(200)
      GC.start
      before = [descriptors, kilobytes]
      rounds(ARGV.first.to_i)
      GC.start
      same(-5..5, "descriptors") { descriptors - before[0] }
      same(..#{TABLES}, "kilobytes") { kilobytes - before[1] }
    RUBY
  end
end
