# frozen_string_literal: true

# InVFS::StringMapFS: a Hash of names and contents.
require_relative "../test_helper"
require_relative "../support/vfs_test"

class StringMapFSTest < Minitest::Test
  include VFSTest

  def make(files)
    InVFS.stringmap(files.dup)
  end

  def test_from_a_hash_or_from_pairs
    [InVFS.stringmap({ "a" => "x" }), InVFS.stringmap([%w[a x]]), InVFS::StringMapFS.new({ "a" => "x" }),
     InVFS.stringmap({ "a" => "x" }.to_a)].each do |fs|
      assert_instance_of InVFS::StringMapFS, fs
      assert_equal ["x", 1, ["a"]], [fs.read("a"), fs.size("a"), fs.entries]
    end
  end

  def test_every_map_has_a_path_of_its_own
    one, two = InVFS.stringmap({}), InVFS.stringmap({})
    [one, two].each { |fs| assert_match(%r{\A/invfs/stringmap-\d+\z}, fs.to_path) }
    refute_equal one.to_path, two.to_path
    assert_equal "/my/own", InVFS.stringmap({}, to_path: "/my/own").to_path
  end

  def test_missing_files_are_nil
    ["nothing", "lib", "../a.rb", "", "a.rb/x"].each do |name|
      assert_nil @fs.size(name)
      assert_nil @fs.read(name)
    end
  end

  def test_later_changes_of_the_hash_are_seen
    map = { "a" => +"x" }
    fs = InVFS.stringmap(map)
    assert_same map, fs.map
    map["d/b"] = "yy"
    assert_equal [true, true, 2, "yy", %w[a d/b]], [fs.file?("d/b"), fs.directory?("d"), fs.size("d/b"), fs.read("d/b"), fs.entries]
    map["a"] << "more"
    assert_equal "xmore", fs.read("a")
    map.delete("d/b")
    assert_equal [false, false, nil], [fs.file?("d/b"), fs.directory?("d"), fs.read("d/b")]
    map.clear
    assert_equal [], fs.entries
  end

  def test_values_that_are_no_strings
    fs = InVFS.stringmap({ "number" => 1, "nil" => nil, "good" => "x" })
    assert_equal "x", fs.read("good")
    assert_raises(TypeError) { fs.read("number") }
    assert_raises(TypeError) { fs.size("number") }
  end

  def test_keys_that_are_no_strings_or_no_clean_names
    fs = InVFS.stringmap({ 1 => "x", :a => "y", nil => "z", "/abs" => "1", "../up" => "2", "a//b" => "3", "good" => "x" })
    assert_equal "x", fs.read("good")
    ["1", "a", "/abs", "../up", "up"].each { |name| assert_equal false, fs.file?(name), name }
    assert_includes fs.entries, "good"
  end

  def test_a_hash_that_computes_its_values
    fs = InVFS.stringmap(Hash.new { |_, name| "made #{name}" })
    [true, false].each { |known| assert_includes [true, false], fs.file?("any.rb") == known }
    assert_includes [nil, "made any.rb"], fs.read("any.rb")
  end

  def test_what_is_no_map
    [nil, 1, "text", Object.new].each { |value| assert_raises(TypeError, ArgumentError) { InVFS.stringmap(value) } }
    assert_raises(TypeError) { InVFS.stringmap({}, to_path: 1) }
  end

  def test_a_frozen_hash_with_frozen_contents
    fs = InVFS.stringmap({ "a" => -"x" }.freeze)
    refute_predicate fs.read("a"), :frozen?
  end

  def test_the_map_keeps_its_hash_alive
    fs = InVFS.stringmap({ "a" => "x" * 100 })
    GC.start
    GC.compact if GC.respond_to?(:compact) && !GC.stress
    assert_equal 100, fs.read("a").size
  end
end
