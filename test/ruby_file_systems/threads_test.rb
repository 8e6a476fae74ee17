# frozen_string_literal: true

# Which threads may use a file system, and how long its objects live.
require_relative "support"
require_relative "../support/native_build"
require "fiddle"

class RubyFileSystemThreadsTest < RubyFileSystems::Test
  def test_many_threads
    root = with(read: ->(path) { Thread.pass || path * 10 })
    threads = Array.new(8) { |n| Thread.new { 50.times.map { |m| File.read("#{root}/#{n}-#{m}") } } }
    threads.each_with_index { |thread, n| assert_equal Array.new(50) { |m| "/#{n}-#{m}" * 10 }, thread.value }
  end

  def test_the_method_runs_in_the_thread_that_asks
    asking = []
    root = with(read: ->(_) { asking << [Thread.current, Thread.current[:local]] && "x" })
    thread = Thread.new do
      Thread.current[:local] = 7
      File.read("#{root}/a")
    end
    thread.join
    assert_includes asking, [thread, 7]
    assert_equal 1, asking.uniq.size
  end

  def test_a_thread_that_ruby_does_not_know
    skip NativeBuild.unavailable if NativeBuild.unavailable
    root = with(read: ->(_) { "x" })
    directory = Dir.mktmpdir
    source = "#{directory}/foreign.c"
    File.write(source, <<~C)
      #include <pthread.h>
      #include <fcntl.h>
      #include <errno.h>
      static int error;
      static void *work(void *path) { error = open(path, O_RDONLY) < 0 ? errno : 0; return 0; }
      int foreign_open(const char *path) {
        pthread_t thread;
        if (pthread_create(&thread, 0, work, (void *)path)) return -1;
        pthread_join(thread, 0);
        return error;
      }
      int own_open(const char *path) { return open(path, O_RDONLY) < 0 ? errno : 0; }
    C
    assert system(*NativeBuild.compiler, "-shared", "-fPIC", "-o", "#{directory}/foreign.so", source, "-lpthread")
    library = Fiddle.dlopen("#{directory}/foreign.so")
    call = lambda do |name, **options|
      Fiddle::Function.new(library[name], [Fiddle::TYPE_VOIDP], Fiddle::TYPE_INT, **options).call("#{root}/a")
    end
    [true, false].each do |locked|
      assert_equal Errno::EIO::Errno, call.call("foreign_open", need_gvl: locked)
      assert_equal 0, call.call("own_open", need_gvl: locked), "with the lock: #{locked}"
    end
  ensure
    FileUtils.rm_rf(directory) if directory
  end

  def test_another_ractor
    outcome = program(<<~'RUBY', "-W:no-experimental")
      InVFS.mount("/r") { |op, path, **| "x" if op == :read }
      ractor = Ractor.new do
        File.read("/r/a")
      rescue SystemCallError => e
        e.class
      end
      p ractor.respond_to?(:value) ? ractor.value : ractor.take
    RUBY
    assert_equal "Errno::EIO\n", outcome.stdout, outcome
  end

  def test_fork
    root = with(read: ->(path) { "#{path} in #{Process.pid}" })
    reader, writer = IO.pipe
    child = fork do
      writer.write(File.read("#{root}/a"))
      exit!(0)
    end
    writer.close
    Process.wait(child)
    assert_equal "/a in #{child}", reader.read
  end

  def test_the_object_lives_as_long_as_the_mount
    root = mount(RubyFileSystems.with(read: ->(path) { "still #{path}" }))
    block = mount { |op, path, **| "block #{path}" if op == :read }
    vfs = mount(InVFS.stringmap({ "a" => +"map" }))
    3.times do
      GC.start
      GC.compact if GC.respond_to?(:compact)
      Array.new(10_000) { Object.new }
      assert_equal ["still /a", "block /a", "map"], [root, block, vfs].map { |at| File.read("#{at}/a") }
    end
  end

  def test_a_file_that_is_open_for_writing_keeps_the_object
    written = {}
    root = mount(RubyFileSystems.with(write: ->(path, contents) { written[path] = contents }))
    file = File.open("#{root}/a", "w")
    InVFS.unmount(root)
    3.times do
      GC.start
      InVFS.unmount(root)
      mount(InVFS::Base.new)
    end
    file << "late"
    file.close
    assert_equal({ "/a" => "late" }, written)
  end

  def test_objects_are_let_go
    outcome = program(<<~'RUBY')
      count = -> { GC.start; ObjectSpace.each_object(Gone).count }
      class Gone < InVFS::Base
        def read(path) = "x" * 100
      end
      def use
        InVFS.mount("/g", Gone.new)
        File.read("/g/a")
        InVFS.unmount("/g")
        nil
      end
      100.times { use }
      InVFS.mount("/g", InVFS::Base.new)
      p count.call < 5
    RUBY
    assert_equal "true\n", outcome.stdout, outcome
  end

  def test_the_collector_at_every_allocation
    outcome = program(<<~'RUBY')
      files = { "/a" => "contents" }
      InVFS.mount("/s") do |op, path, **options|
        case op
        when :read then files[path]&.dup
        when :write then files[path] = options[:contents].dup
        when :list then ["a", "d/"] if path == "/"
        end
      end
      InVFS.mount("/v", InVFS.stringmap({ "x" => "y" }))
      File.read("/s/a")
      GC.stress = true
      result = [File.read("/s/a"), Dir.children("/s").sort, File.write("/s/b", "new"), File.read("/s/b"), File.read("/v/x"),
                (File.read("/s/none") rescue $!.class)]
      GC.stress = false
      p result
    RUBY
    assert_equal %(["contents", ["a", "d"], 3, "new", "y", Errno::ENOENT]\n), outcome.stdout, outcome
  end
end
