# frozen_string_literal: true

# Files of a mount that were read and closed are held to be opened again. Nobody must notice, but for the time it takes.
require_relative "test_helper"
require_relative "support/mount_process"

class MountsHeldFilesTest < Minitest::Test
  include MountProcess::Assertions

  HELD = <<~'RUBY'
    # The names of the files in memory that somebody has open here.
    def in_memory
      names = Dir.children("/proc/self/fd").filter_map do |number|
        File.readlink("/proc/self/fd/#{number}")[%r{\A/memfd:(/m/.*) \(deleted\)\z}, 1]
      rescue Errno::ENOENT
        nil
      end
      names.sort
    end

    require "invfs/pack"
    FILES = { "a" => "one", "b" => "two", "large" => "x" * (64 << 10 | 1) }
    Dir.mkdir("#{DIRECTORY}/files")
    FILES.each { |name, content| File.write("#{DIRECTORY}/files/#{name}", content) }
    InVFS.pack("#{DIRECTORY}/files", "#{DIRECTORY}/files.zip")
    InVFS.mount("/m", InVFS.zip("#{DIRECTORY}/files.zip"))
  RUBY

  def test_a_small_file_that_was_read_is_held_and_a_large_one_when_it_was_read_twice
    assert_right <<~RUBY
      #{HELD}
      same(%w[one two]) { %w[a b].map { |name| File.read("/m/\#{name}") } }
      same(%w[/m/a /m/b]) { in_memory }
      3.times { same("one") { File.read("/m/a") } }
      same(%w[/m/a /m/b]) { in_memory }
      same(FILES["large"]) { File.read("/m/large") }
      same(%w[/m/a /m/b]) { in_memory }
      same(FILES["large"]) { File.read("/m/large") }
      same(%w[/m/a /m/b /m/large]) { in_memory }
      InVFS.unmount("/m")
      same([]) { in_memory }
    RUBY
  end

  def test_what_is_closed_after_the_mount_is_gone_is_not_held
    assert_right <<~RUBY
      #{HELD}
      file = File.open("/m/a")
      InVFS.unmount("/m")
      InVFS.mount("/m", InVFS.stringmap({ "a" => "new" }))
      same("one") { file.read }
      file.close
      same([]) { in_memory }
      same("new") { File.read("/m/a") }
    RUBY
  end

  def test_another_descriptor_of_a_file_goes_on_as_it_was
    assert_right <<~RUBY
      #{HELD}
      first = File.open("/m/a")
      copy = first.dup
      same("o") { first.read(1) }
      first.close
      same("one") { File.read("/m/a") }
      same("ne") { copy.read }
      copy.close
      same("one") { File.read("/m/a") }
      same(%w[/m/a]) { in_memory }
    RUBY
  end

  LOCKED = <<~'RUBY'
    def locked?(name) = File.open(name) { |file| !file.flock(File::LOCK_EX | File::LOCK_NB) }

    def lock(name) = File.open(name).tap { |file| same(0) { file.flock(File::LOCK_EX | File::LOCK_NB) } }
  RUBY

  def test_closing_ends_locks
    assert_right <<~RUBY
      #{HELD}
      #{LOCKED}
      file = lock("/m/a")
      same(true) { locked?("/m/a") }
      file.close
      same(false) { locked?("/m/a") }
      # F_OFD_SETLK, the whole file, for reading and writing.
      ofd = ->(kind) { [kind, 0, 0, 0, 0].pack("s!s!x4q!q!ix4") }
      file = File.open("/m/b")
      same(0) { file.fcntl(37, ofd[0]) }
      file.close
      same(0) { File.open("/m/b") { |again| again.fcntl(37, ofd[0]) } }
    RUBY
  end

  # A forked child has the opening, and its lock, until it closes it, too; and so does a program that was given it.
  def test_what_a_child_has_is_its_own
    assert_right <<~RUBY
      #{HELD}
      #{LOCKED}
      quiet = { in: File::NULL, out: File::NULL, err: File::NULL }
      start = {
        fork: ->(_) { fork { [$stdout, $stderr].each { |stream| stream.reopen(File::NULL) }; sleep(60) } },
        spawn: ->(file) { spawn("sleep", "60", **quiet, 9 => file) }
      }
      with_child = lambda do |start, file, &action|
        same(0) { file.flock(File::LOCK_EX | File::LOCK_NB) }
        child = start[file]
        file.close
        action.call
      ensure
        Process.kill(:KILL, child)
        Process.wait(child)
      end
      start.values.zip(%w[a b]) do |start, name|
        # Read for the first time: the child's opening alone is left.
        with_child[start, File.open("/m/\#{name}")] { same([]) { in_memory } }
      end
      2.times { File.read("/m/a") }
      start.each_value do |start|
        with_child[start, File.open("/m/a")] { same(true) { locked?("/m/a") } }
        same(false) { locked?("/m/a") }
      end
    RUBY
  end

  def test_what_a_program_inherits_is_not_held
    assert_right <<~RUBY
      #{HELD}
      File.open("/m/a") { |file| file.close_on_exec = false }
      same([]) { in_memory }
    RUBY
  end
end
