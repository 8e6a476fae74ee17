# frozen_string_literal: true

# An archive whose path is in `$:` is replaced, rewritten or removed: files opened later come from the new one, without
# a `require` in between.
require_relative "support"

class AdoptingAliveTest < Minitest::Test
  include AdoptingSupport

  def setup
    super
    archive("a.zip", { "v" => "1", "x.rb" => "X = 1" })
    archive("b.zip", { "v" => "22", "y.rb" => "Y = __FILE__" })
    archive("c.zip", { "v" => "333", "only" => "" })
  end

  # What this process does is seen at once.
  def test_by_this_process
    assert_right <<~'RUBY'
      a, b, c = %w[a b c].map { |name| "#{DIR}/#{name}.zip" }
      $: << a
      file = File.open("#{a}/v")
      same("1") { read("#{a}/v") }
      File.rename(b, a)
      same("22") { read("#{a}/v") }
      same("1") { file.read }
      same([true, "#{a}/y.rb"]) { [require("y"), Y] }
      whole = File.binread(a)
      File.binwrite(a, File.binread(c))
      same("333") { read("#{a}/v") }
      same(%w[only v]) { Dir.children(a).sort }
      File.open(a, "r+b") do |io|
        io.truncate(0)
        same(Errno::ENOTDIR) { read("#{a}/v") }
        io.write(whole)
        io.flush
        same("22") { read("#{a}/v") }
      end
      File.truncate(a, 10)
      same(Errno::ENOTDIR) { read("#{a}/v") }
      File.unlink(a)
      same(Errno::ENOENT) { read("#{a}/v") }
      same([false, Errno::ENOENT]) { [File.exist?(a), (Dir.children(a) rescue $!.class)] }
      Dir.mkdir(a)
      File.write("#{a}/v", "directory")
      same("directory") { read("#{a}/v") }
      File.unlink("#{a}/v")
      Dir.rmdir(a)
      File.symlink(c, a)
      same("333") { read("#{a}/v") }
    RUBY
  end

  # What others do is seen a millisecond later.
  def test_by_another_process
    assert_right <<~'RUBY'
      a = "#{DIR}/a.zip"
      $: << "#{a}/."
      same("1") { read("#{a}/v") }
      system("cp", "b.zip", "a.zip")
      sleep 0.01
      same("22") { read("#{a}/v") }
      system("mv", "c.zip", "a.zip")
      sleep 0.01
      same("333") { read("#{a}/v") }
      system("rm", "a.zip")
      sleep 0.01
      same(false) { File.exist?("#{a}/v") }
    RUBY
  end

  def test_in_a_thread_that_does_not_have_rubys_lock_and_in_children
    assert_right <<~'RUBY'
      a = "#{DIR}/a.zip"
      $: << a
      same("1") { read("#{a}/v") }
      File.rename("b.zip", "a.zip")
      same("22") { Thread.new { IO.copy_stream("#{a}/v", "out"); read("out") }.value }
      child = fork do
        File.rename("c.zip", "a.zip")
        exit!(read("#{a}/v") == "333")
      end
      Process.wait(child)
      same(true) { $?.success? }
      sleep 0.01
      same("333") { read("#{a}/v") }
    RUBY
  end

  # An object has opened its file, and keeps it.
  def test_an_object_keeps_its_file
    assert_right <<~'RUBY'
      $: << InVFS.zip("a.zip")
      File.rename("b.zip", "a.zip")
      same("1") { read("#{DIR}/a.zip/v") }
    RUBY
  end
end
