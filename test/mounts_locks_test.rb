# frozen_string_literal: true

# Locks between processes that mount one archive each for itself. The same programs run with the files on disk.
require_relative "test_helper"
require_relative "support/ruby_process"
require "fileutils"
require "tmpdir"

class MountsLocksTest < Minitest::Test
  FILES = { "main.rb" => "0123456789\n", "other.rb" => "other\n", "below/part.rb" => "part\n" }.freeze

  MOUNTS = {
    "disk" => "ROOT = 'DIR/disk'",
    "archive" => "InVFS.mount(ROOT = '/m', InVFS.zip('DIR/app.zip'))",
    "part of an archive" => "InVFS.mount(ROOT = '/m', InVFS.zip('DIR/whole.zip').sub('app'))",
    "union" => "InVFS.mount(ROOT = '/m', InVFS.union(InVFS.stringmap({ 'x' => '' }), InVFS.zip('DIR/app.zip')))",
    "writable" => "InVFS.mount(ROOT = '/m', InVFS.zip('DIR/app.zip'), writable: 'DIR/upper')"
  }.freeze

  def setup
    skip "mounts are for Linux" unless RUBY_PLATFORM.include?("linux")
    @dir = File.realpath(Dir.mktmpdir("invfs-locks"))
    %w[disk whole/app].each do |root|
      FILES.each do |name, text|
        path = "#{@dir}/#{root}/#{name}"
        FileUtils.mkdir_p(File.dirname(path))
        # Other contents in each run: what is locked under its name stays in memory.
        File.write(path, "#{text}# #{@dir}\n")
      end
    end
    FileUtils.mkdir_p("#{@dir}/upper")
    require "invfs/pack"
    InVFS.pack("#{@dir}/disk", "#{@dir}/app.zip")
    InVFS.pack("#{@dir}/whole", "#{@dir}/whole.zip")
  end

  def teardown
    FileUtils.rm_rf(@dir) if @dir
  end

  # Runs `first`, and `second` in another process whenever the first calls `second`; expects what both print on disk.
  def assert_same(first, second)
    printed = MOUNTS.keys.to_h { |name| [name, run_both(name, first, second)] }
    refute_empty printed["disk"]
    printed.each { |name, text| assert_equal printed["disk"], text, name }
  end

  def run_both(name, first, second)
    start = "require 'invfs/zip'\n$stdout.sync = true\n#{MOUNTS[name].gsub("DIR", @dir)}\n"
    File.write("#{@dir}/second.rb", start + second)
    call = "def second = IO.popen([#{RbConfig.ruby.inspect}, *#{RubyProcess::INVFS.inspect}, '#{@dir}/second.rb'], &:read).then { puts _1 }\n"
    File.write("#{@dir}/first.rb", start + call + first)
    outcome = RubyProcess.run(*RubyProcess::INVFS, "#{@dir}/first.rb")
    assert_equal ["", 0], [outcome.stderr, outcome.status], "#{name}: #{outcome}"
    outcome.stdout
  end

  TRY = 'p File.open("#{ROOT}/main.rb").flock(File::LOCK_EX | File::LOCK_NB)'

  def test_another_process_is_excluded
    assert_same(<<~'RUBY', TRY)
      file = File.open("#{ROOT}/main.rb")
      second
      p file.flock(File::LOCK_EX | File::LOCK_NB)
      second
      p file.flock(File::LOCK_UN)
      second
      p file.flock(File::LOCK_EX)
      file.close
      second
    RUBY
  end

  def test_shared_locks_exclude_only_exclusive_ones
    assert_same(<<~'RUBY', <<~'SECOND')
      file = File.open("#{ROOT}/main.rb")
      p file.flock(File::LOCK_SH)
      second
      p File.open("#{ROOT}/other.rb").flock(File::LOCK_EX)
      second
    RUBY
      file = File.open("#{ROOT}/main.rb")
      p file.flock(File::LOCK_SH | File::LOCK_NB), file.flock(File::LOCK_EX | File::LOCK_NB)
      p File.open("#{ROOT}/other.rb").flock(File::LOCK_EX | File::LOCK_NB)
    SECOND
  end

  # What a file is, where it stands and what it holds stays the same.
  def test_a_locked_file_is_the_same_file
    assert_same(<<~'RUBY', TRY)
      file = File.open("#{ROOT}/main.rb")
      copy = file.dup
      other = File.open("#{ROOT}/main.rb")
      p file.read(3)
      p file.flock(File::LOCK_EX), copy.flock(File::LOCK_EX | File::LOCK_NB), other.flock(File::LOCK_EX | File::LOCK_NB)
      p file.read(3), file.pos, copy.sysseek(0, IO::SEEK_CUR) > 3, other.read(2)
      p file.close_on_exec?, File.identical?(file, "#{ROOT}/main.rb"), file.stat == File.stat("#{ROOT}/main.rb")
      p file.stat.nlink, file.stat.size == File.size("#{ROOT}/main.rb"), file.stat.ino == other.stat.ino
      begin
        IO.for_fd(file.fileno, "w", autoclose: false).syswrite("x")
      rescue SystemCallError, IOError => e
        p e.class
      end
      file.close
      second
      copy.close
      second
    RUBY
  end

  # A program that makes sure that it runs only once, and goes on in the background.
  def test_a_daemon_keeps_the_lock
    assert_same(<<~'RUBY', TRY)
      gate, opener = IO.pipe
      lock = File.open("#{ROOT}/main.rb")
      p lock.flock(File::LOCK_EX | File::LOCK_NB)
      child = fork { opener.close; gate.read }
      lock.close
      second
      opener.close
      Process.wait(child)
      second
    RUBY
  end

  def test_a_program_that_is_started_keeps_the_lock
    assert_same(<<~'RUBY', TRY)
      lock = File.open("#{ROOT}/main.rb")
      p lock.flock(File::LOCK_EX | File::LOCK_NB)
      input, output = IO.pipe
      child = spawn("cat", in: input, lock.fileno => lock.fileno)
      input.close
      lock.close
      second
      output.close
      Process.wait(child)
      second
    RUBY
  end

  def test_another_process_waits
    assert_same(<<~'RUBY', <<~'SECOND')
      lock = File.open("#{ROOT}/main.rb")
      p lock.flock(File::LOCK_EX)
      waiting = Thread.new { second }
      Thread.pass until waiting.status == "sleep"
      puts "still locked"
      lock.flock(File::LOCK_UN)
      waiting.join
    RUBY
      p File.open("#{ROOT}/main.rb").flock(File::LOCK_EX)
    SECOND
  end

  def test_what_cannot_be_locked
    assert_same(<<~'RUBY', TRY)
      path_only = 0o10000000
      file = File.open("#{ROOT}/main.rb", path_only)
      begin
        file.flock(File::LOCK_EX)
      rescue SystemCallError => e
        p e.class
      end
      begin
        file.sysread(1)
      rescue SystemCallError => e
        p e.class
      end
      file.close
      second
    RUBY
  end

  # Never a lock that excludes nobody.
  def test_no_lock_where_others_cannot_have_the_file
    outcome = RubyProcess.run(*RubyProcess::INVFS, "-e", <<~RUBY)
      require "invfs/zip"
      InVFS.mount("/m", InVFS.zip("#{@dir}/app.zip"))
      file = File.open("/m/main.rb")
      Process.setrlimit(:FSIZE, 1)
      begin
        file.flock(File::LOCK_EX)
      rescue SystemCallError => e
        p e.class, file.read(3)
      end
    RUBY
    assert_equal "Errno::ENOLCK\n\"012\"\n", outcome.stdout, outcome.to_s
  end
end
