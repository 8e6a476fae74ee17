# frozen_string_literal: true

# A file that is open for writing is one file for everybody in the process, whatever the file system holds as yet.
require_relative "support"

class RubyFileSystemOpenFilesTest < RubyFileSystems::Test
  def setup
    super
    @store = RubyFileSystems::Store.new("/a" => "hello")
    @root = mount(@store)
    @a = "#{@root}/a"
    @new = "#{@root}/new"
  end

  # Opens, and writes without closing.
  def opened(path, mode, contents)
    File.open(path, mode).tap { |file| file.write(contents) && file.flush }
  end

  def test_others_see_what_is_written
    file = opened(@a, "w", "bye")
    assert_equal [3, "bye", true], [File.size(@a), File.read(@a), File.identical?(@a, file)]
    assert_equal "hello", @store.files["/a"]
    file.write("!")
    file.close
    assert_equal ["bye!", "bye!"], [@store.files["/a"], File.read(@a)]
  end

  def test_a_new_file_is_there_at_once
    file = opened(@new, "w", "12")
    assert_equal [true, 2, "12", %w[a new]], [File.file?(@new), File.size(@new), File.read(@new), Dir.children(@root).sort]
    assert_raises(Errno::EEXIST) { File.open(@new, "wx") }
    assert_raises(Errno::EEXIST) { Dir.mkdir(@new) }
    assert File.writable?(@new)
    refute @store.files.key?("/new")
    file.close
    assert_equal "12", @store.files["/new"]
  end

  def test_a_reader_stays_with_the_file
    file = opened(@a, "r+", "J")
    reader = File.open(@a)
    assert_equal "Jello", reader.read
    file.seek(0, :END)
    file.write("!")
    file.close
    assert_equal "!", reader.read
    assert_equal reader.stat.ino, File.stat(@a).ino
    reader.close
  end

  def test_two_that_write
    one = opened(@a, "r+", "J")
    two = opened(@a, "r+", "Cu")
    one.close
    assert_equal "hello", @store.files["/a"], "the last one hands over"
    two.close
    assert_equal "Cullo", @store.files["/a"]
    one = opened(@a, "r+", "J")
    two = opened(@a, "w", "x")
    assert_equal 1, one.size
    [one, two].each(&:close)
    assert_equal "x", @store.files["/a"]
  end

  def test_two_that_append
    files = Array.new(2) { File.open(@a, "a") }
    2.times { |n| files.each { |file| file.write(n) && file.flush } }
    assert_equal 9, File.size(@a)
    files.each(&:close)
    assert_equal "hello0011", @store.files["/a"]
    assert_equal [[:append, "/a", "0011"]], @store.calls.grep_v([:read, "/a"])
    @store.singleton_class.undef_method(:append)
    files = Array.new(2) { |n| opened(@a, "a", n + 2) }
    files.each(&:close)
    assert_equal "hello001123", @store.files["/a"]
  end

  def test_one_that_appends_and_others
    added = opened(@a, "a", "1")
    assert_equal [6, "hello1"], [File.size(@a), File.read(@a)]
    added.write("2") && added.flush
    assert_equal "hello12", File.read(@a)
    changed = opened(@a, "r+", "J")
    added.write("3")
    [changed, added].each(&:close)
    assert_equal "Jello123", @store.files["/a"]
    added = opened(@new, "a", "1")
    assert_equal "1", File.read(@new)
    added.close
    assert_equal "1", @store.files["/new"]
  end

  def test_what_was_removed_does_not_come_back
    [@a, @new].each do |path|
      file = opened(path, "w", "x")
      File.unlink(path)
      refute File.exist?(path)
      assert_equal [], Dir.children(@root) - %w[a]
      file.write("y")
      file.close
    end
    assert_empty @store.files
    file = opened(@a, "w", "old")
    File.unlink(@a)
    File.write(@a, "new")
    file.close
    assert_equal({ "/a" => "new" }, @store.files)
  end

  def test_what_was_renamed_is_written_under_its_new_name
    file = opened(@a, "r+", "J")
    File.rename(@a, "#{@root}/b")
    refute File.exist?(@a)
    assert_equal ["Jello", true], [File.read("#{@root}/b"), File.identical?("#{@root}/b", file)]
    file.write("E")
    file.close
    assert_equal({ "/b" => "JEllo" }, @store.files)
    file = opened(@new, "w", "x")
    File.rename(@new, "#{@root}/c")
    file.write("y")
    file.close
    assert_equal({ "/b" => "JEllo", "/c" => "xy" }, @store.files)
  end

  def test_what_was_replaced_is_gone
    replaced = opened(@a, "w", "lost")
    File.write(@new, "kept")
    File.rename(@new, @a)
    replaced.close
    assert_equal({ "/a" => "kept" }, @store.files)
  end

  def test_directories_of_open_files
    store = Class.new(RubyFileSystems::Store) do
      def rename(from, to)
        @files.transform_keys! { |name| name.start_with?("#{from}/") ? to + name.delete_prefix(from) : name }
      end
    end.new("/d/a" => "1")
    root = mount(store)
    file = opened("#{root}/d/a", "w", "2")
    File.rename("#{root}/d", "#{root}/e")
    file.close
    assert_equal({ "/e/a" => "2" }, store.files)
    store.files["/f/"] = ""
    file = opened("#{root}/f/new", "w", "3")
    assert_raises(Errno::ENOTEMPTY) { Dir.rmdir("#{root}/f") }
    assert_raises(Errno::ENOTDIR) { Dir.rmdir("#{root}/f/new") }
    file.close
  end

  def test_truncate_and_times_of_an_open_file
    file = opened(@a, "r+", "J")
    File.truncate(@a, 2)
    assert_equal 2, file.size
    file.close
    assert_equal "Je", @store.files["/a"]
    file = opened(@new, "w", "x")
    File.utime(nil, nil, @new)
    assert_raises(Errno::ENOTSUP) { File.link(@new, "#{@root}/b") }
    file.close
    assert_equal "x", @store.files["/new"]
  end

  def test_fsync_hands_over
    file = opened(@new, "w", "1")
    file.fsync
    assert_equal "1", @store.files["/new"]
    file.write("2")
    file.fdatasync
    assert_equal "12", @store.files["/new"]
    @store.calls.clear
    file.close
    assert_empty @store.calls, "nothing is new"
    file = opened(@a, "a", "1")
    file.fsync
    file.write("2")
    file.close
    assert_equal [[:append, "/a", "1"], [:append, "/a", "2"]], @store.calls
    root = with(read: ->(_) {}, write: ->(*) { raise Errno::ENOSPC })
    file = opened("#{root}/a", "w", "x")
    assert_raises(Errno::ENOSPC) { file.fsync }
    assert_raises(Errno::ENOSPC) { file.close }
  end

  def test_a_method_that_uses_its_own_file
    files = { "/a" => "1" }
    root = nil
    root = with(read: ->(path) { files[path] }, write: lambda { |path, contents|
      files[path] = contents
      File.write("#{root}/log", File.read("#{root}#{path}")) unless path == "/log"
    })
    File.write("#{root}/a", "2")
    assert_equal({ "/a" => "2", "/log" => "2" }, files)
  end

  def test_threads_that_append_lose_nothing
    threads = Array.new(4) do |n|
      Thread.new { 25.times { File.write(@a, n.to_s, mode: "a") } }
    end
    threads.each(&:join)
    assert_equal ["hello", [25] * 4], [@store.files["/a"][0, 5], @store.files["/a"][5..].chars.tally.values]
  end

  def test_other_mounts_and_other_files_are_not_concerned
    other = mount(RubyFileSystems::Store.new("/a" => "other"))
    file = opened(@a, "w", "x")
    assert_equal "other", File.read("#{other}/a")
    File.write("#{@root}/ab", "y")
    File.unlink("#{@root}/ab")
    file.close
    assert_equal({ "/a" => "x" }, @store.files)
  end

  def test_a_forked_child_has_files_of_its_own
    file = opened(@a, "w", "parent")
    Process.wait(fork { exit!(File.read(@a) == "hello" && File.write("#{@root}/b", "x") == 1 ? 0 : 1) })
    assert_equal 0, $?.exitstatus
    file.close
    assert_equal({ "/a" => "parent" }, @store.files)
  end
end
