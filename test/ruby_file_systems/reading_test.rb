# frozen_string_literal: true

# What a file system written in Ruby may leave out, and how invfs interprets its answers.
require_relative "support"
require "pathname"

class RubyFileSystemReadingTest < RubyFileSystems::Test
  def test_a_subclass_of_base
    root = mount(RubyFileSystems::Store.new("/a.txt" => "hello", "/d/b.txt" => "deep"))
    assert_equal %w[hello deep], [File.read("#{root}/a.txt"), File.read("#{root}/d/b.txt")]
    assert_equal %w[a.txt d], Dir.children(root).sort
    assert_equal ["#{root}/a.txt", "#{root}/d", "#{root}/d/b.txt"], Dir.glob("#{root}/**/*")
    assert_equal [5, true, false], [File.size("#{root}/a.txt"), File.file?("#{root}/a.txt"), File.directory?("#{root}/a.txt")]
    assert File.directory?("#{root}/d")
    assert_raises(Errno::ENOENT) { File.read("#{root}/nothing") }
    assert_raises(Errno::EISDIR) { File.read("#{root}/d") }
    assert_raises(Errno::ENOTDIR) { Dir.children("#{root}/a.txt") }
    assert_raises(Errno::ENOENT) { Dir.children("#{root}/nothing") }
  end

  def test_only_read
    root = with(read: ->(path) { "I am #{path}" })
    assert_equal "I am /users/ä.json", File.read("#{root}/users/ä.json")
    assert File.directory?(root)
    assert_equal [], Dir.children(root)
    assert_equal 10, File.size("#{root}/abcd")
    assert_raises(Errno::ENOTSUP) { File.write("#{root}/a", "b") }
    assert_raises(Errno::ENOTSUP) { File.delete("#{root}/a") }
    assert_raises(Errno::ENOTSUP) { File.rename("#{root}/a", "#{root}/b") } if File.exist?("#{root}/a")
  end

  def test_nothing_at_all
    root = mount(InVFS::Base.new)
    assert File.directory?(root)
    assert_equal [], Dir.children(root)
    refute File.exist?("#{root}/a")
    assert_raises(Errno::ENOENT) { File.read("#{root}/a") }
    assert_raises(Errno::ENOTSUP) { File.write("#{root}/a", "b") }
    assert_raises(Errno::ENOTSUP) { Dir.mkdir("#{root}/a") }
  end

  def test_paths_are_utf8
    encodings = []
    root = with(read: ->(path) { encodings << [path.encoding, path.valid_encoding?] && "x" })
    File.read("#{root}/ä")
    File.read("#{root}/\xff".b)
    assert_equal [[Encoding::UTF_8, true], [Encoding::BINARY, true]], encodings.uniq
  end

  def test_stat_as_a_hash
    time = Time.at(1_700_000_000, 123_456_789, :nsec)
    root = with(read: ->(_) { "12345" },
                stat: ->(path) { { type: :file, size: 7, mtime: time, mode: 0o640 } if path == "/a" })
    stat = File.stat("#{root}/a")
    assert_equal [7, time, 0o100640], [stat.size, stat.mtime, stat.mode]
    # What is open has the length that it has.
    File.open("#{root}/a") { |file| assert_equal [5, time], [file.size, file.mtime] }
    refute File.exist?("#{root}/b")
    assert_raises(Errno::ENOENT) { File.read("#{root}/b") }
  end

  def test_other_answers_of_stat
    answers = { "/true" => true, "/file" => :file, "/dir" => :directory, "/string" => { "type" => "directory" },
                "/empty" => {}, "/real" => File.stat(__FILE__), "/realdir" => File.stat(__dir__), "/nil" => nil }
    root = with(read: ->(_) { "abc" }, stat: ->(path) { answers[path] })
    kinds = answers.keys.to_h { |path| [path, File.exist?(root + path) && File.ftype(root + path)] }
    assert_equal({ "/true" => "file", "/file" => "file", "/dir" => "directory", "/string" => "directory",
                   "/empty" => "file", "/real" => "file", "/realdir" => "directory", "/nil" => false }, kinds)
    assert_equal [3, File.size(__FILE__)], [File.size("#{root}/true"), File.size("#{root}/real")]
  end

  def test_names_of_directories_end_with_a_slash_or_are_pairs
    [["a", "d/"], [["a", :file], ["d", :directory]], ["a", ["d", :directory]], %w[a d/].each].each do |names|
      asked = []
      root = with(list: ->(path) { asked << path and path == "/" ? names : nil }, read: ->(_) { "x" })
      found = Dir.open(root) { |directory| directory.each_child.to_a.sort }
      assert_equal %w[a d], found
      assert_equal ["/"], asked.uniq, "names that say what they are need no more questions"
      InVFS.unmount(root)
    end
  end

  def test_names_that_do_not_say_what_they_are_are_asked_for
    tree = { "/" => %w[a d], "/d" => %w[b] }
    root = with(list: ->(path) { tree[path] }, read: ->(_) { "x" })
    assert_equal ["#{root}/a", "#{root}/d", "#{root}/d/b"], Dir.glob("#{root}/**/*")
  end

  def test_contents_are_asked_for_once_in_an_opening
    store = RubyFileSystems::Store.new("/a" => "x" * 10)
    root = mount(store)
    File.read("#{root}/a")
    assert_equal [[:read, "/a"]], store.calls
    store.files["/a"] = "other"
    assert_equal ["other", 5], [File.read("#{root}/a"), File.size("#{root}/a")]
  end

  def test_a_block_gets_operation_and_path
    asked = []
    root = mount do |op, path, **options|
      asked << [op, path, options]
      "#{op} of #{path}" if op == :read && path != "/no"
    end
    assert_equal "read of /a/b", File.read("#{root}/a/b")
    assert_includes asked, [:read, "/a/b", {}]
    assert_raises(Errno::ENOENT) { File.read("#{root}/no") }
    assert_raises(Errno::ENOTSUP) { File.write("#{root}/w", "contents") }
    assert_includes asked, [:write, "/w", { contents: "contents" }]
    assert_raises(Errno::ENOTSUP) { Dir.mkdir("#{root}/no") }
    assert_raises(Errno::ENOTSUP) { File.rename("#{root}/a", "#{root}/no") }
    assert_includes asked, [:rename, "/a", { to: "/no" }]
  end

  def test_other_forms_of_blocks
    forms = { "keywords" => proc { |op:, path:, **| "#{op} #{path}" if op == :read },
              "two" => proc { |op, path| "#{op} #{path}" if op == :read },
              "lambda" => ->(op, path, **) { "#{op} #{path}" if op == :read } }
    forms.each_value { |form| assert_equal "read /x", File.read("#{mount(&form)}/x") }
    files = {}
    root = mount { |op, path, contents| op == :write ? files[path] = contents : (files[path] if op == :read) }
    File.write("#{root}/a", "1")
    File.write("#{root}/a", "2", mode: "a")
    assert_equal({ "/a" => "12" }, files)
  end

  def test_what_can_be_mounted
    [nil, 1, [], Object.new, $stdin, String, :read].each do |object|
      assert_raises(TypeError, object.inspect) { InVFS.mount("/ruby-fs-refused", object) }
    end
    assert_raises(Errno::ENOENT) { InVFS.mount("/ruby-fs-refused", "text") }
    assert_raises(ArgumentError) { InVFS.mount("/ruby-fs-refused") }
    assert_raises(ArgumentError) { InVFS.mount("/ruby-fs-refused", InVFS::Base.new) { nil } }
    %i[read list stat].each { |method| assert_equal [], Dir.children(with(method => ->(_) {})) }
    assert File.directory?(with(write: ->(_, _) {}))
  end

  def test_a_vfs_that_calls_ruby_objects
    files = { "a.rb" => "A" }
    root = mount(InVFS.stringmap(files))
    assert_equal "A", File.read("#{root}/a.rb")
    files["a.rb"] = "BB"
    assert_equal ["BB", 2], [File.read("#{root}/a.rb"), File.size("#{root}/a.rb")], "a live view"
    vfs = RubyFileSystems.with(to_path: -> { "/v" }, file?: ->(name) { name != "no" }, size: ->(_) { 2 },
                               read: ->(name) { raise Errno::EPERM, name })
    root = mount(vfs)
    assert_equal 2, File.size("#{root}/yes")
    refute File.exist?("#{root}/no")
    assert_raises(Errno::EPERM) { File.read("#{root}/yes") }
    assert_raises(Errno::EROFS) { File.write("#{root}/yes", "x") }
  end

  def test_mounts_and_unmount_know_the_object
    store = RubyFileSystems::Store.new
    root = mount(store)
    assert_same store, InVFS.mounts[root]
    assert_same store, InVFS.unmount(root)
    refute File.exist?(root)
  end
end
