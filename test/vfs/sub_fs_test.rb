# frozen_string_literal: true

# InVFS::SubFS: one directory of another VFS.
require_relative "../test_helper"
require_relative "../support/vfs_test"

class SubFSTest < Minitest::Test
  include VFSTest

  def make(files)
    outside = { "outside" => "o", "innermost/x" => "x" }
    InVFS.stringmap(files.transform_keys { |name| "inner/#{name}" }.merge(outside), to_path: "/m").sub("inner")
  end

  def test_its_parts
    parent = InVFS.stringmap({ "d/a" => "x" }, to_path: "/m")
    [parent.sub("d"), InVFS::SubFS.new(parent, "d")].each do |fs|
      assert_equal ["/m/d", "d", "x"], [fs.to_path, fs.dir, fs.read("a")]
      assert_same parent, fs.parent
    end
  end

  def test_directories_are_cleaned_and_do_not_lead_out
    parent = InVFS.stringmap({ "d/e/a" => "x", "b" => "y" }, to_path: "/m")
    ["d/e", "d/e/", "./d/./e", "d//e"].each { |name| assert_equal ["/m/d/e", "x"], [parent.sub(name).to_path, parent.sub(name).read("a")] }
    ["..", "../x", "/d", "d/../..", "d\0"].each { |name| assert_raises(ArgumentError, name) { parent.sub(name) } }
  end

  def test_names_do_not_lead_out
    ["../outside", "../inner/a.rb", "x/../../outside", "/outside"].each { |name| assert_equal false, @fs.file?(name), name }
  end

  def test_a_sub_of_a_sub
    parent = InVFS.stringmap({ "d/e/a" => "x" }, to_path: "/m")
    fs = parent.sub("d").sub("e")
    assert_equal ["x", "/m/d/e"], [fs.read("a"), fs.to_path]
  end

  def test_a_directory_that_does_not_exist_yet
    map = {}
    fs = InVFS.stringmap(map).sub("later")
    assert_equal [false, []], [fs.file?("a"), fs.entries]
    map["later/a"] = "x"
    assert_equal [true, ["a"]], [fs.file?("a"), fs.entries]
  end

  def test_missing_files_are_errors_whatever_the_parent_says
    assert_raises(Errno::ENOENT) { @fs.read("nothing") }
    assert_raises(Errno::ENOENT) { @fs.size("../outside") }
    zip = InVFS::ZipFS.from_bytes(ZipBuilder.build { |builder| builder.add("d/a", "x") }, to_path: "/z.zip").sub("d")
    assert_raises(Errno::ENOENT) { zip.read("nothing") }
    assert_equal "x", zip.read("a")
  end

  def test_of_a_vfs_with_only_four_methods
    fs = InVFS::SubFS.new(Trees::UserVFS.new("/user", { "d/a" => "x" }), "d")
    assert_equal ["x", true, 1, "/user/d"], [fs.read("a"), fs.file?("a"), fs.size("a"), fs.to_path]
  end

  def test_of_what_is_no_vfs
    [nil, 1, "dir", Object.new].each { |value| assert_raises(TypeError) { InVFS::SubFS.new(value, "d") } }
    assert_raises(TypeError) { InVFS::SubFS.new(@fs, nil) }
  end
end
