# frozen_string_literal: true

# How often a file system written in Ruby is asked, and the names that it lists.
require_relative "support"
require "find"

class RubyFileSystemQuestionsTest < RubyFileSystems::Test
  # Counts what it is asked.
  class Counted < InVFS::Base
    attr_reader :asked

    def initialize(files)
      super()
      @files = files
      @asked = Hash.new(0)
    end

    def list(path)
      @asked[[:list, path]] += 1
      @files.keys.map { |name| name.delete_prefix("/") } if path == "/"
    end

    def read(path)
      @asked[[:read, path]] += 1
      @files[path]
    end

    def write(path, contents) = @files[path] = contents

    def remove(path) = @files.delete(path)

    def take = @asked.dup.tap { @asked.clear }
  end

  # With stat.
  class Told < Counted
    def stat(path)
      @asked[[:stat, path]] += 1
      { type: :file, size: @files[path].bytesize } if @files[path]
    end
  end

  OPERATIONS = {
    "File.stat" => ->(at) { File.stat("#{at}/a") }, "File.read" => ->(at) { File.read("#{at}/a") }, "Dir.children" => ->(at) { Dir.children(at) },
    "a missing file" => ->(at) { File.exist?("#{at}/none") }, "File.write" => ->(at) { File.write("#{at}/a", "2") }, "mkdir" => ->(at) { Dir.mkdir("#{at}/a") },
    "append" => ->(at) { File.open("#{at}/a", "a").close }, "chmod" => ->(at) { File.chmod(0o600, "#{at}/a") }, "truncate" => ->(at) { File.truncate("#{at}/a", 1) },
    "rename" => ->(at) { File.rename("#{at}/a", "#{at}/b") }, "delete" => ->(at) { File.delete("#{at}/a") }
  }.freeze

  # Each of these takes one or two system calls, and opening asks what fstat says later.
  OPERATIONS.each do |name, operation|
    [Counted, Told].each do |type|
      define_method("test_nothing_is_asked_twice_#{name}_#{type.name[/\w+\z/]}") do
        fs = type.new("/a" => "1", "/c" => "3")
        at = mount(fs)
        begin
          operation[at]
        rescue SystemCallError
          # What has no method.
        end
        # Ruby asks for the length of what it reads, and what it writes is handed over when it is closed.
        calls = name.match?(/read|write/) ? 2 : 1
        assert_operator fs.take.values.max || 0, :<=, calls
      end
    end
  end

  def test_one_system_call
    fs = Counted.new("/a" => "1")
    at = mount(fs)
    File.stat("#{at}/a")
    assert_equal({ [:list, "/a"] => 1, [:read, "/a"] => 1 }, fs.take)
    File.exist?("#{at}/none")
    assert_equal({ [:list, "/none"] => 1, [:read, "/none"] => 1 }, fs.take)
    told = Told.new("/a" => "1")
    at = mount(told)
    File.stat("#{at}/a")
    assert_equal({ [:stat, "/a"] => 1 }, told.take)
    File.open("#{at}/a").close
    assert_equal({ [:stat, "/a"] => 1, [:read, "/a"] => 1 }, told.take)
  end

  # A directory that is open shows what is made before it is read.
  def test_an_open_directory
    store = RubyFileSystems::Store.new("/a" => "")
    at = mount(store)
    directory = Dir.new(at)
    File.write("#{at}/b", "")
    assert_equal %w[a b], directory.children.sort
    File.delete("#{at}/a")
    assert_equal %w[b], directory.children
    directory.close
  end

  def test_a_cache
    fs = Told.new("/a" => "1", "/b" => "22")
    at = mount_with(fs, cache: 600)
    3.times do
      assert_equal [%w[a b], 1, 2, false], [Dir.children(at).sort, File.size("#{at}/a"), File.size("#{at}/b"), File.exist?("#{at}/none")]
    end
    assert_equal [1], fs.take.values.uniq
    # Contents are read anew.
    2.times { assert_equal "1", File.read("#{at}/a") }
    assert_equal({ [:read, "/a"] => 2 }, fs.take)
    File.write("#{at}/new", "333")
    assert_equal [%w[a b new], 3], [Dir.children(at).sort, File.size("#{at}/new")]
    File.delete("#{at}/new")
    assert_equal [%w[a b], false], [Dir.children(at).sort, File.exist?("#{at}/new")]
  end

  def test_a_cache_of_no_seconds
    fs = Told.new("/a" => "1")
    at = mount_with(fs, cache: 0)
    3.times { File.size("#{at}/a") }
    assert_equal({ [:stat, "/a"] => 3 }, fs.take)
  end

  # What was answered before a change must not count after it.
  def test_a_change_while_an_answer_is_on_its_way
    going, go_on = Queue.new, Queue.new
    size = 1
    slow = true
    fs = RubyFileSystems.with(read: ->(_) { "x" }, chmod: ->(_, _) { size = 2 }, stat: lambda do |path|
      next :directory if path == "/"

      answer = { type: :file, size: size }
      if slow && Thread.current[:slow]
        slow = false
        going << 1
        go_on.pop
      end
      answer
    end)
    at = mount_with(fs, cache: 600)
    thread = Thread.new { (Thread.current[:slow] = true) && File.size("#{at}/a") }
    going.pop
    File.chmod(0o600, "#{at}/a")
    go_on << 1
    assert_equal 1, thread.value
    assert_equal 2, File.size("#{at}/a")
  end

  def test_enumerators_in_a_cache
    once = %w[a b].each
    at = mount_with(RubyFileSystems.with(list: ->(path) { path == "/" ? Enumerator.new { |names| 2.times { names << once.next } } : nil }), cache: 600)
    2.times { assert_equal %w[a b], Dir.children(at).sort }
  end

  def test_wrong_caches
    ["5", -1, :x, Complex(1, 1)].each { |cache| assert_raises(ArgumentError) { mount_with(InVFS::Base.new, cache: cache) } }
    [InVFS.stringmap({}), InVFS.union("/tmp")].each do |vfs|
      assert_match(/and this is a VFS/, assert_raises(ArgumentError) { mount_with(vfs, cache: 1) }.message)
    end
    mount_with(InVFS.stringmap({}), cache: nil)
    mount_with(InVFS::Base.new, cache: 1.5)
  end

  def mount_with(object, **options)
    root = "/ruby-fs-cached-#{Process.pid}-#{@roots.size}"
    InVFS.mount(root, object, **options)
    @roots << root
    root
  end

  # Listing does not ask for each name; who wants to know what it is asks.
  def test_names_without_types
    asked = Hash.new(0)
    at = with(list: ->(path) { { "/" => %w[d f], "/d" => %w[g] }[path] }, read: ->(path) { path[/[fg]\z/] }, stat: lambda do |path|
      asked[path] += 1
      { "/" => :directory, "/d" => :directory, "/f" => :file, "/d/g" => :file }[path]
    end)
    assert_equal %w[d f], Dir.children(at).sort
    assert_equal 0, asked["/d"] + asked["/f"]
    assert_equal ["#{at}/d", "#{at}/d/g", "#{at}/f"], Dir.glob("#{at}/**/*").sort
    assert_equal [at, "#{at}/d", "#{at}/d/g", "#{at}/f"], Find.find(at).sort
    assert_equal ["#{at}/d/"], Dir.glob("#{at}/*/")
    Dir.mktmpdir do |upper|
      root = "#{at}-writable"
      InVFS.mount(root, InVFS.mounts[at], writable: upper)
      @roots << root
      assert_equal %w[d f], Dir.children(root).sort
      assert_equal ["#{root}/d/g"], Dir.glob("#{root}/*/*")
    end
  end

  def test_names_and_pairs
    list = ["b/", ["a", :file], ["c", :directory], ["d", nil], "e", "e", "x/y", "", ".", "..", "a\0", "n" * 256, 7, nil, ["f/", nil]]
    at = with(list: ->(path) { list if path == "/" }, read: ->(_) { "" })
    said = reported { assert_equal %w[a b c d e f], Dir.children(at).sort }
    assert_equal 8, said.lines.grep(/is no name/).size, said
    assert_equal %w[b c f], Dir.glob("#{at}/*/").map { |name| File.basename(name) }.sort
  end

  def test_very_many_names
    at = with(list: ->(path) { (1..1_100_000).lazy.map(&:to_s) if path == "/" })
    assert_equal 1_100_000, Dir.children(at).size
    at = with(list: ->(path) { Enumerator.produce(1, &:succ).lazy.map(&:to_s) if path == "/" })
    assert_raises(Errno::EOVERFLOW) { Dir.children(at) }
  end
end
