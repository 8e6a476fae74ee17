# frozen_string_literal: true

# Bytes written to a file go to `write` or `append` when the file is closed.
require_relative "support"
require "fileutils"

class RubyFileSystemWritingTest < RubyFileSystems::Test
  def setup
    super
    @store = RubyFileSystems::Store.new("/a" => "hello")
    @root = mount(@store)
  end

  def test_write_replaces
    assert_equal 3, File.write("#{@root}/a", "new")
    assert_equal({ "/a" => "new" }, @store.files)
    assert_equal ["new", 3], [File.read("#{@root}/a"), File.size("#{@root}/a")]
    assert_equal [[:write, "/a"]], @store.calls.first(1), "what is replaced is not read before"
  end

  def test_contents_are_binary
    File.write("#{@root}/a", "ä")
    assert_equal [Encoding::BINARY, false], [@store.files["/a"].encoding, @store.files["/a"].frozen?]
  end

  def test_append_gets_what_was_added
    File.write("#{@root}/a", " world", mode: "a")
    File.open("#{@root}/new", "a") { |file| file << "1" << "2" }
    assert_equal({ "/a" => "hello world", "/new" => "12" }, @store.files)
    assert_equal [[:append, "/a", " world"], [:append, "/new", "12"]], @store.calls
    File.open("#{@root}/a", "a+") { |file| assert_equal "hello world", file.tap(&:rewind).read.tap { file << "!" } }
    assert_equal [:append, "/a", "!"], @store.calls.last
  end

  def test_append_without_the_method
    @store.singleton_class.undef_method(:append)
    File.write("#{@root}/a", " world", mode: "a")
    assert_equal({ "/a" => "hello world" }, @store.files)
  end

  def test_only_append
    log = +""
    root = with(append: ->(_, contents) { log << contents }, list: ->(path) { [] if path == "/" })
    2.times { |n| File.write("#{root}/log", n.to_s, mode: "a") }
    assert_equal "01", log
    assert_raises(Errno::ENOTSUP) { File.write("#{root}/log", "x") }
  end

  def test_changing_in_place
    File.open("#{@root}/a", "r+") { |file| file.seek(1) && file.write("E") }
    assert_equal "hEllo", @store.files["/a"]
    File.open("#{@root}/a", "r+") { |file| file.truncate(2) }
    assert_equal "hE", @store.files["/a"]
    File.truncate("#{@root}/a", 4)
    assert_equal "hE\0\0", @store.files["/a"]
    @store.calls.clear
    File.open("#{@root}/a", "r+", &:read)
    assert_equal [[:read, "/a"]], @store.calls, "nothing was written"
  end

  def test_only_the_last_close_writes
    file = File.open("#{@root}/a", "w")
    copy = file.dup
    file << "1"
    file.close
    assert_equal "hello", @store.files["/a"]
    copy << "2"
    copy.close
    assert_equal "12", @store.files["/a"]
  end

  def test_flags_of_open
    assert_raises(Errno::EEXIST) { File.open("#{@root}/a", File::CREAT | File::EXCL | File::WRONLY) }
    assert_raises(Errno::ENOENT) { File.open("#{@root}/b", "r+") }
    assert_raises(Errno::ENOENT) { File.open("#{@root}/b", File::WRONLY | File::TRUNC) }
    assert_raises(Errno::EISDIR) { File.open(@root, "w") }
    File.write("#{@root}/d/b", "x")
    assert_raises(Errno::EISDIR) { File.open("#{@root}/d", "w") }
    File.open("#{@root}/empty", "w") { nil }
    assert_equal "", @store.files["/empty"]
    File.open("#{@root}/excl", "wx") { |file| file << "y" }
    assert_equal "y", @store.files["/excl"]
  end

  def test_remove_and_rename
    File.write("#{@root}/d/b", "deep")
    assert_raises(Errno::EISDIR) { File.unlink("#{@root}/d") }
    assert_raises(Errno::ENOTEMPTY) { Dir.rmdir("#{@root}/d") }
    assert_raises(Errno::ENOTDIR) { Dir.rmdir("#{@root}/a") }
    assert_raises(Errno::ENOENT) { File.delete("#{@root}/none") }
    assert_raises(Errno::EISDIR) { File.rename("#{@root}/a", "#{@root}/d") }
    assert_raises(Errno::EINVAL) { File.rename("#{@root}/d", "#{@root}/d/e") }
    File.rename("#{@root}/a", "#{@root}/d/c")
    File.delete("#{@root}/d/b")
    assert_equal({ "/d/c" => "hello" }, @store.files)
    File.rename("#{@root}/d/c", "#{@root}/d/c")
    assert_equal({ "/d/c" => "hello" }, @store.files)
  end

  def test_mkdir
    made = []
    root = with(list: ->(path) { [] if path == "/" || made.include?(path) }, mkdir: ->(path) { made << path },
                remove: ->(path) { made.delete(path) })
    FileUtils.mkdir_p("#{root}/x/y")
    assert_equal %w[/x /x/y], made
    assert_raises(Errno::EEXIST) { Dir.mkdir("#{root}/x") }
    Dir.rmdir("#{root}/x/y")
    assert_equal %w[/x], made
  end

  def test_errors_of_changes_pass_through
    root = with(read: ->(_) { "x" }, remove: ->(_) { raise Errno::EPERM }, rename: ->(*) { raise Errno::EACCES },
                mkdir: ->(_) { raise "broken" }, list: ->(path) { [] if path == "/" })
    assert_raises(Errno::EPERM) { File.delete("#{root}/a") }
    assert_raises(Errno::EACCES) { File.rename("#{root}/a", "#{root}/b") }
    assert_raises(Errno::EEXIST) { Dir.mkdir("#{root}/a") }
  end

  def test_a_failing_write_is_an_error_of_close
    tried = []
    root = with(read: ->(_) {}, write: ->(_, contents) { tried << contents and raise Errno::ENOSPC })
    assert_raises(Errno::ENOSPC) { File.write("#{root}/a", "contents") }
    file = File.open("#{root}/a", "w")
    file << "contents"
    assert_raises(Errno::ENOSPC) { file.close }
    assert file.closed?
    assert_raises(Errno::ENOSPC) { File.open("#{root}/a", "w") { |f| f << "contents" } }
    assert_equal %w[contents contents contents], tried
  end

  def test_an_exception_in_write
    root = with(write: ->(_, _) { raise ArgumentError, "no room" })
    said = reported { assert_raises(Errno::EIO) { File.write("#{root}/a", "contents") } }
    assert_match(%r{\Ainvfs: write /a: ArgumentError: no room \(#{Regexp.escape(__FILE__)}:\d+}, said)
  end

  def test_files_that_are_open_at_the_end_are_written
    code = <<~'RUBY'
      store = Class.new(InVFS::Base) do
        def write(path, contents)
          raise Errno::ENOSPC if path == "/full"
          puts "#{path} #{contents}"
        end
      end
      InVFS.mount("/w", store.new)
      $a = File.open("/w/a", "w")
      $a << "one"
      $b = File.open("/w/full", "w")
      $b << "two"
    RUBY
    outcome = program(code)
    assert_equal "/a one\n", outcome.stdout
    assert_match(%r{\Ainvfs: /w/full was open when the program ended, and what was written to it is lost: No space}, outcome.stderr)
  end

  def test_what_only_the_system_knows_to_be_open_is_written
    outcome = program(<<~'RUBY')
      InVFS.mount("/w") { |op, path, contents: nil, **| op == :write && !puts("#{path} #{contents}") }
      $a = IO.for_fd(IO.sysopen("/w/a", "w"), "w")
      $a.write("bytes")
      $a.flush
    RUBY
    assert_equal ["/a bytes\n", ""], [outcome.stdout, outcome.stderr], outcome
  end

  def test_a_forked_child_does_not_write_what_the_parent_will
    file = File.open("#{@root}/a", "w")
    file << "parent"
    file.flush
    Process.wait(fork { exit!(file.close ? 1 : 0) })
    assert_equal "hello", @store.files["/a"]
    file.close
    assert_equal "parent", @store.files["/a"]
  end
end
