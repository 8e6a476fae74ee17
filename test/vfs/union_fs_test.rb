# frozen_string_literal: true

# InVFS::UnionFS: directories and other VFS objects laid over each other.
require_relative "../test_helper"
require_relative "../support/vfs_test"
require "pathname"

class UnionFSTest < Minitest::Test
  include VFSTest

  def make(files)
    first, rest = files.to_a.partition { |name, _| name.include?("lib") }.map(&:to_h)
    InVFS.union(Trees.write("#{@directory}/first", first), InVFS.stringmap(rest))
  end

  def test_the_first_that_has_the_file_wins
    low = Trees.write("#{@directory}/low", { "a" => "low", "b" => "low", "d/x" => "low" })
    high = InVFS.stringmap({ "a" => "high", "d" => "a file" })
    fs = InVFS.union(high, low)
    assert_equal ["high", "low", 4], [fs.read("a"), fs.read("b"), fs.size("a")]
    assert_equal "low", InVFS.union(low, high).read("a")
    assert_equal 1, fs.entries.count("a")
  end

  def test_a_directory_does_not_hide_a_file_that_comes_later
    fs = InVFS.union(InVFS.stringmap({ "a.rb/x" => "1" }), InVFS.stringmap({ "a.rb" => "2" }))
    assert_equal [true, "2"], [fs.file?("a.rb"), fs.read("a.rb")]
  end

  def test_the_members
    map = InVFS.stringmap({})
    fs = InVFS.union(@directory, map)
    assert_equal [@directory, map], fs.dirs
    fs.dirs.clear
    assert_equal 2, fs.dirs.size
  rescue FrozenError
    assert_equal 2, fs.dirs.size
  end

  def test_all_kinds_of_members
    zip = InVFS.zip(ZipBuilder.write("#{@directory}/z.zip", { "z/inner" => "zip" }))
    user = Trees::UserVFS.new("/user", { "u" => "user" })
    path = Pathname(Trees.write("#{@directory}/p", { "p" => "path" }))
    fs = InVFS.union(zip.sub("z"), user, path, InVFS.union(InVFS.stringmap({ "n" => "nested" })))
    assert_equal %w[zip user path nested], %w[inner u p n].map { |name| fs.read(name) }
    assert_equal 4, fs.dirs.size
  end

  def test_missing_files
    %i[size read].each do |method|
      ["nothing", "../a.rb", ""].each { |name| assert_raises(Errno::ENOENT, Errno::EISDIR) { @fs.public_send(method, name) } }
    end
    assert_raises(Errno::ENOENT) { InVFS.union.read("a") }
    assert_equal false, InVFS.union.file?("a")
  end

  def test_a_directory_is_a_live_view
    directory = Trees.write("#{@directory}/live", {})
    fs = InVFS.union(directory)
    assert_equal false, fs.file?("new.rb")
    File.write("#{directory}/new.rb", "x")
    assert_equal [true, "x", ["new.rb"]], [fs.file?("new.rb"), fs.read("new.rb"), fs.entries]
  end

  def test_a_directory_that_does_not_exist_yet
    fs = InVFS.union("#{@directory}/later")
    assert_equal [false, []], [fs.file?("a"), fs.entries]
    Trees.write("#{@directory}/later", { "a" => "x" })
    assert_equal "x", fs.read("a")
  end

  def test_a_relative_directory_keeps_its_meaning_after_chdir
    Trees.write("#{@directory}/rel", { "a" => "x" })
    fs = Dir.chdir(@directory) { InVFS.union("rel") }
    assert_equal "x", fs.read("a")
  end

  def test_names_do_not_lead_out_of_a_directory
    Trees.write(@directory, { "secret" => "s", "in/a" => "x" })
    fs = InVFS.union("#{@directory}/in")
    ["../secret", "x/../../secret", "#{@directory}/secret", "/#{@directory}/secret"].each do |name|
      assert_equal false, fs.file?(name), name
      assert_raises(Errno::ENOENT, name) { fs.read(name) }
    end
  end

  def test_special_files_are_no_files
    directory = Trees.write("#{@directory}/special", {})
    File.mkfifo("#{directory}/fifo")
    File.symlink("/nowhere", "#{directory}/dangling")
    fs = InVFS.union(directory)
    assert_equal [false, false], [fs.file?("fifo"), fs.file?("dangling")]
    assert_raises(SystemCallError) { fs.read("fifo") }
  end

  def test_its_path
    assert_match(%r{\A/invfs/union-\d+\z}, InVFS.union.to_path)
    assert_equal "/mine", InVFS.union(@directory, to_path: "/mine").to_path
    assert_same InVFS::UnionFS, InVFS::MultipleDirectory
  end

  def test_what_is_no_member
    [nil, 1, Object.new, :a].each { |value| assert_raises(TypeError) { InVFS.union(value) } }
  end

  def test_a_member_that_raises
    nowhere = Trees::UserVFS.new("/bad", {})
    def nowhere.file?(_path) = raise(IOError, "broken")
    assert_equal "x", InVFS.union(nowhere, InVFS.stringmap({ "a" => "x" })).read("a")
    broken = Trees::UserVFS.new("/bad", { "a" => "x" })
    def broken.read(_path) = raise(IOError, "broken")
    assert_raises(IOError) { InVFS.union(broken).read("a") }
  end

  def test_a_union_of_itself_is_impossible
    fs = InVFS.union(InVFS.union(@fs))
    assert_equal "puts 1\n", fs.read("a.rb")
  end
end
