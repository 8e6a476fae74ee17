# frozen_string_literal: true

# After any failure the old archive is unchanged, and nothing else is left behind.
require_relative "cli_helper"

class AtomicTest < Minitest::Test
  include CLIHelper

  # An archive of nothing.
  OLD = "PK\5\6#{"\0" * 18}".b.freeze

  def setup
    super
    write((0...20).to_h { |n| ["f#{n}", Random.bytes(100_000)] })
    File.binwrite(path("app.zip"), OLD)
    File.chmod(0o640, path("app.zip"))
  end

  def assert_untouched(others = %w[app app.zip])
    assert_equal others, tree
    assert_equal OLD, File.binread(path("app.zip"))
    assert_equal 0o640, File.stat(path("app.zip")).mode & 0o7777
  end

  def test_success_replaces_and_keeps_permissions
    inode = File.stat(path("app.zip")).ino
    pack
    assert_equal %w[app app.zip], tree
    assert_equal 20, names.size
    assert_equal 0o640, File.stat(path("app.zip")).mode & 0o7777
    refute_equal inode, File.stat(path("app.zip")).ino
  end

  def test_whoever_has_the_old_archive_open_keeps_it
    pack
    old = InVFS.zip(path("app.zip"))
    before = old.read("f1")
    write({ "f1" => "new" })
    pack
    assert_equal [before, "new"], [old.read("f1"), contents["f1"]]
  end

  def test_a_link_to_the_archive_stays
    FileUtils.mkdir(path("elsewhere"))
    File.symlink("app.zip", path("link.zip"))
    InVFS.pack(path("app"), path("link.zip"))
    assert File.symlink?(path("link.zip"))
    assert_equal 20, names.size
  end

  class Stop < RuntimeError
  end

  def test_leaving_the_block
    [Stop, Interrupt, SystemExit, NoMemoryError].each do |error|
      assert_raises(error) do
        InVFS.pack(path("app"), path("app.zip")) { |done, _, _| raise error if done == 10 }
      end
      assert_untouched
    end
    catch(:out) { InVFS.pack(path("app"), path("app.zip")) { |done, _, _| throw :out if done == 10 } }
    assert_untouched
  end

  def test_a_thread_that_is_killed
    thread = Thread.new do
      InVFS.pack(path("app"), path("app.zip")) { |done, _, _| Thread.current.kill if done == 10 }
    end
    thread.join
    assert_untouched
  end

  def test_an_unfinished_writer_leaves_nothing
    writer = InVFS::ArchiveWriter.new(path("app.zip"))
    writer.add("a", "x" * 1_000_000, 0o644, 0, ["stored", nil])
    assert_untouched
    writer.abandon
    assert_untouched
    assert_raises(InVFS::ClosedError) { writer.finish }
    assert_raises(InVFS::ClosedError) { writer.add("b", "", 0o644, 0, ["stored", nil]) }
  end

  def test_a_file_that_grows_beyond_the_limit
    code = "Process.setrlimit(:FSIZE, 300_000); trap('XFSZ', 'IGNORE'); ARGV.replace(%w[pack app]); load '#{EXE}'"
    outcome = RubyProcess.run("-e", code, chdir: @dir)
    assert_failure outcome, 1, /app\.zip/
    assert_untouched
  end

  def test_a_full_disk
    skip "needs root and mount" unless Process.uid.zero? && mount_small

    FileUtils.cp(path("app.zip"), path("small/app.zip"))
    outcome = invfs("pack", "app", "-o", "small/app.zip")
    assert_failure outcome, 1, /No space left/
    assert_equal [%w[app.zip], OLD], [tree("small"), File.read(path("small/app.zip"))]
  ensure
    system("umount", path("small"), err: File::NULL)
  end

  def mount_small
    Dir.mkdir(path("small"))
    system("mount", "-t", "tmpfs", "-o", "size=500k", "none", path("small"), err: File::NULL)
  end

  def test_a_directory_that_vanishes
    Dir.mkdir(path("out"))
    assert_raises(Errno::ENOENT) do
      InVFS.pack(path("app"), path("out/app.zip")) { |done, _, _| FileUtils.rm_rf(path("out")) if done == 10 }
    end
    assert_untouched
  end

  def test_a_directory_that_may_not_be_written
    File.chmod(0o555, @dir)
    pid = fork do
      Process::Sys.setresuid(65_534, 65_534, 65_534) if Process.uid.zero?
      InVFS.pack(path("app"), path("app.zip"))
    rescue Errno::EACCES => e
      exit!(e.message.include?("app.zip") ? 42 : 1)
    end
    assert_equal 42, Process.wait2(pid)[1].exitstatus
    File.chmod(0o755, @dir)
    assert_untouched
  end

  def test_places_where_no_archive_can_be
    { "app" => Errno::EISDIR, "none/x.zip" => Errno::ENOENT, "app.zip/x.zip" => Errno::ENOTDIR,
      "dangling" => Errno::ENOENT, "pipe" => InVFS::NotAnArchiveError }.each do |name, error|
      File.mkfifo(path("pipe")) if name == "pipe"
      File.symlink("nowhere", path("dangling")) if name == "dangling"
      assert_raises(error, name) { InVFS.pack(path("app"), path(name)) }
    end
    assert_raises(InVFS::NotAnArchiveError) { InVFS.pack(path("app"), "/dev/null") }
    assert File.chardev?("/dev/null")
    assert_untouched %w[app app.zip dangling pipe]
  end

  # Stops for ever in the middle, and says so.
  MIDDLE = <<~RUBY
    require "invfs/pack"
    InVFS.pack("app", "app.zip", compile: true) do |done, _, _|
      next unless done == 10
      $stdout.puts "here"
      $stdout.flush
      sleep
    end
  RUBY

  def in_the_middle(signal)
    IO.popen([RbConfig.ruby, "-I#{RubyProcess::LIB}", "-e", MIDDLE], chdir: @dir, err: File::NULL) do |process|
      assert_equal "here\n", process.gets
      Process.kill(signal, process.pid)
    end
    $?
  end

  %w[INT TERM HUP KILL].each do |signal|
    define_method("test_killed_in_the_middle_by_#{signal}") do
      skip "only Linux has files without a name" if signal == "KILL" && !RUBY_PLATFORM.include?("linux")

      assert_equal Signal.list[signal], in_the_middle(signal).termsig
      assert_untouched
    end
  end

  def test_the_command_is_interrupted
    FileUtils.rm_rf(path("app"))
    write((0...200).to_h { |n| ["lib/f#{n}.rb", "x = 1\n" * 2000] })
    reader, writer = IO.pipe
    pid = spawn(RbConfig.ruby, EXE, "pack", "app", "--compile", chdir: @dir, out: writer, err: writer, pgroup: true)
    writer.close
    # The bar is off, so the process itself tells when it is at work: it has the new file open.
    sleep 0.01 until working?(pid)
    Process.kill(:INT, -pid)
    assert_equal 130, Process.wait2(pid)[1].exitstatus
    assert_empty reader.read
    assert_untouched
  end

  # Whether it compiles already (or has come to its end, and then the test fails).
  def working?(pid)
    children = File.read("/proc/#{pid}/task/#{pid}/children")
    !children.empty? || File.read("/proc/#{pid}/stat").include?(" Z ")
  rescue Errno::ENOENT
    skip "there is no /proc"
  end

  def test_compile_leaves_the_old_archive
    pack({ "a.rb" => "p 1", "b.rb" => "p 2" })
    before = File.binread(path("app.zip"))
    assert_raises(Stop) { InVFS::Pack.compile(path("app.zip")) { |done, _, _| raise Stop if done == 5 } }
    assert_equal before, File.binread(path("app.zip"))
    assert_equal %w[app app.zip], tree
  end

  def test_compile_notices_that_the_archive_changed
    pack({ "a.rb" => "p 1" })
    changed = nil
    assert_raises(InVFS::ArchiveChangedError) do
      InVFS::Pack.compile(path("app.zip")) do |done, _, _|
        next unless done.zero?

        write({ "new.rb" => "p 3" })
        pack
        changed = File.binread(path("app.zip"))
      end
    end
    assert_equal changed, File.binread(path("app.zip"))
    assert_equal %w[app app.zip], tree
  end
end
