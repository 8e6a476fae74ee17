# frozen_string_literal: true

# Promises of a file system about what is open: locks, changes by a descriptor, and limits of the process. The same steps
# run on a real directory and in a writable mount, and must have the same result.
require_relative "test_helper"
require_relative "support/promises"

class PromisesOpenFilesTest < Minitest::Test
  include Promises

  def test_a_lock_excludes_others
    assert_right <<~'RUBY'
      same do |root|
        %w[lower d/f].map do |name|
          first = File.open("#{root}/#{name}")
          taken = first.flock(File::LOCK_EX | File::LOCK_NB)
          second = File.open("#{root}/#{name}") { |file| file.flock(File::LOCK_EX | File::LOCK_NB) }
          thread = Thread.new { File.open("#{root}/#{name}") { |file| file.flock(File::LOCK_SH | File::LOCK_NB) } }.value
          reader, writer = IO.pipe
          Process.wait(fork { writer.write(File.open("#{root}/#{name}").flock(File::LOCK_EX | File::LOCK_NB).inspect); exit!(0) })
          writer.close
          child = reader.read
          first.close
          [taken, second, thread, child, File.open("#{root}/#{name}") { |file| file.flock(File::LOCK_EX | File::LOCK_NB) }]
        end
      end
    RUBY
  end

  def test_a_lock_excludes_others_in_a_read_only_mount
    assert_right <<~'RUBY'
      require "invfs/zip"
      require "invfs/pack"
      InVFS.pack("#{DIR}/disk", "#{DIR}/locks.zip")
      { "hash" => LOWER, "zip" => InVFS.zip("#{DIR}/locks.zip") }.each do |name, vfs|
        InVFS.mount("/promises_#{name}", vfs)
        first = File.open("/promises_#{name}/lower")
        copy = first.dup
        answers = [first.flock(File::LOCK_EX | File::LOCK_NB), File.open("/promises_#{name}/lower").flock(File::LOCK_EX | File::LOCK_NB)]
        first.close
        # A duplicate has the lock still.
        answers << File.open("/promises_#{name}/lower").flock(File::LOCK_EX | File::LOCK_NB)
        copy.close
        answers << File.open("/promises_#{name}/lower").flock(File::LOCK_EX | File::LOCK_NB)
        answers == [0, false, false, 0] or abort "#{name}: #{answers}"
      end
    RUBY
  end

  # Opening it for writing, too, makes it a file of the upper layer.
  def test_a_reader_that_asks_for_it_sees_later_changes
    assert_right <<~'RUBY'
      same do |root|
        %w[lower d/f].map do |name|
          File.open("#{root}/#{name}", "r+") do |file|
            before = file.read
            File.write("#{root}/#{name}", "more", mode: "a")
            [before, file.read, file.size, File.identical?(file, "#{root}/#{name}")]
          end
        end
      end
    RUBY
  end

  def test_changes_by_a_descriptor
    assert_right <<~'RUBY'
      time = Time.at(1_000_000_000)
      same do |root|
        %w[lower d/f d].map do |name|
          path = "#{root}/#{name}"
          File.open(path) do |file|
            answers = [attempt { file.chmod(0o700) }, attempt { file.chown(Process.uid, Process.gid) }]
            [answers, File.stat(path).mode & 0o777]
          end
        end
      end
      InVFS.mount("/promises_fixed", LOWER)
      fixed = %w[lower d].map { |name| File.open("/promises_fixed/#{name}") { |file| attempt { file.chmod(0o600) } } }
      fixed == [Errno::EROFS] * 2 or abort fixed.inspect
      Dir.children("/promises_fixed/d") == ["f"] or abort "the empty directory was changed"
    RUBY
  end

  def test_a_descriptor_follows_its_file
    assert_right <<~'RUBY'
      same do |root|
        File.open("#{root}/lower") do |file|
          File.rename("#{root}/lower", "#{root}/renamed")
          File.write("#{root}/lower", "another")
          File.chmod(0o644, "#{root}/lower")
          file.chmod(0o600)
          [File.stat("#{root}/lower").mode & 0o777, File.stat("#{root}/renamed").mode & 0o777]
        end
      end
    RUBY
  end

  def test_limits_of_the_process_are_errors_and_no_end
    assert_right <<~'RUBY'
      big = "x" * 30_000_000
      InVFS.mount("/promises_big", InVFS.stringmap({ "big" => big, "code.rb" => "# #{"x" * 100_000}\nputs 1" }))
      child = lambda do |&work|
        reader, writer = IO.pipe
        pid = fork { writer.write((work.call rescue $!.class).inspect); writer.close; exit!(0) }
        Process.wait(pid)
        writer.close
        [$?.exitstatus, reader.read]
      end
      limited = child.call { Process.setrlimit(:FSIZE, 50_000, Process.getrlimit(:FSIZE).last); [File.read("/promises_big/big").size, require("/promises_big/code")] }
      limited == [0, "[30000000, true]"] or abort limited.inspect
      refused = child.call { Process.setrlimit(:FSIZE, 50_000); File.read("/promises_big/big").size }
      # Only a process that may raise its limit reads it nevertheless.
      [[0, "Errno::EFBIG"], [0, "30000000"]].include?(refused) or abort refused.inspect
      memory = child.call { Process.setrlimit(:AS, File.read("/proc/self/statm").to_i * 4096 + (10 << 20)); File.open("/promises_big/big") { |file| file.read(10) } }
      [[0, "Errno::ENOMEM"], [0, "NoMemoryError"], [0, "xxxxxxxxxx".inspect]].include?(memory) or abort memory.inspect
    RUBY
  end

  def test_waiting_for_the_upper_layer_can_be_interrupted
    assert_right <<~'RUBY'
      require "timeout"
      reader, writer = IO.pipe
      holder = fork do
        File.open("#{DIR}/upper/.invfs-upper/lock", "r+") { |lock| lock.flock(File::LOCK_EX); writer.write("x"); sleep }
      end
      reader.read(1)
      begin
        Timeout.timeout(0.2) { File.write("/promises/new", "1") }
        abort "nobody held the lock"
      rescue Timeout::Error
        Process.kill(:KILL, holder)
      end
      Process.wait(holder)
      File.write("/promises/new", "2")
    RUBY
  end
end
