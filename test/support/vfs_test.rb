# frozen_string_literal: true

# The behaviour of every native VFS, whatever it is made of. A test class includes this and defines `make(files)`.
require_relative "gc_stress"
require "pp" # rubocop:disable Lint/RedundantRequireStatement -- PP itself is used

module VFSTest
  include GCStress

  FILES = { "a.rb" => "puts 1\n", "lib/b.rb" => "puts 2\n", "lib/deep/größe.txt" => "ä\xFF\0".b, "empty" => "" }.freeze

  # Unclean names have the same meaning as on disk, as long as they stay inside.
  ALSO_A = ["./a.rb", "lib/../a.rb", "lib//../a.rb", "lib/deep/../../a.rb", ".//./a.rb"].freeze

  NOT_FILES = ["", ".", "/", "..", "lib", "lib/", "lib/deep", "../x", "../a.rb", "/a.rb", "a.rb/", "a.rb/x",
               "lib/../../a.rb", "a", "A.rb", "lib\\b.rb", "nothing", " a.rb"].freeze

  def setup
    @directory = File.realpath(Dir.mktmpdir("invfs-vfs"))
    @fs = make(FILES)
  end

  def teardown
    FileUtils.rm_rf(@directory)
  end

  def test_what_is_a_file
    [*FILES.keys, *ALSO_A].each { |name| assert_equal true, @fs.file?(name), name }
    NOT_FILES.each { |name| assert_equal false, @fs.file?(name), name.inspect }
  end

  def test_a_nul_byte_is_no_name_at_all
    %i[file? directory? size read].each do |method|
      assert_raises(ArgumentError, method.to_s) { @fs.public_send(method, "a.rb\0") }
    end
  end

  def test_what_is_a_directory
    ["lib", "lib/deep"].each { |name| assert_equal true, @fs.directory?(name), name }
    ["a.rb", "lib/b.rb", "nothing", "..", "../x", "/lib", "li", "lib/dee"].each do |name|
      assert_equal false, @fs.directory?(name), name
    end
  end

  def test_the_root_is_a_directory
    assert_equal true, @fs.directory?("")
  end

  def test_sizes_are_bytes
    FILES.each { |name, content| assert_equal content.bytesize, @fs.size(name), name }
  end

  def test_contents_are_binary_strings_of_the_reader
    FILES.each do |name, content|
      read = @fs.read(name)
      assert_equal content.b, read, name
      assert_equal [Encoding::BINARY, false, String], [read.encoding, read.frozen?, read.class], name
    end
  end

  def test_changing_what_was_read_changes_nothing
    @fs.read("a.rb") << "more"
    assert_equal "puts 1\n", @fs.read("a.rb")
    refute_same @fs.read("a.rb"), @fs.read("a.rb")
  end

  def test_binary_and_utf8_names_are_the_same
    assert_equal true, @fs.file?("lib/deep/größe.txt".b)
    assert_equal 4, @fs.size("lib/deep/größe.txt".b)
    assert_equal false, @fs.file?("lib/deep/größe.txt".encode("ISO-8859-1"))
  end

  def test_the_names_of_all_files
    assert_equal FILES.keys.sort, @fs.entries.sort
    @fs.entries.each { |name| assert_equal Encoding::UTF_8, name.encoding, name }
  end

  def test_each_yields_the_names
    names = []
    answer = @fs.each { |name| names << name }
    assert_equal @fs.entries, names
    assert_same @fs, answer
  end

  def test_each_without_a_block_is_an_enumerator
    assert_kind_of Enumerator, @fs.each
    assert_equal @fs.entries, @fs.each.to_a
  end

  def test_leaving_each_early
    assert_equal 1, @fs.each { |name| break 1 if @fs.file?(name) }
    assert_raises(IOError) { @fs.each { |name| raise IOError, name if @fs.file?(name) } }
  end

  def test_equality_is_identity
    other = make(FILES)
    assert_equal @fs, @fs
    refute_equal @fs, other
    refute_operator @fs, :eql?, other
    assert_equal 1, { @fs => 1 }[@fs]
  end

  def test_what_shows_in_irb_and_in_logs
    assert_includes @fs.inspect, @fs.class.name
    [@fs.inspect, @fs.to_s, PP.pp(@fs, +"")].each { |text| assert_includes text, @fs.to_path }
  end

  def test_to_path_is_an_absolute_string
    assert_kind_of String, @fs.to_path
    assert_equal @fs.to_path, @fs.to_path
  end

  # Programs treat an entry of $: as a String, or copy it first.
  def test_it_passes_for_the_string_that_others_expect_in_the_load_path
    assert_equal [@fs.to_path, "#{@fs.to_path}/x"], [@fs.to_str, File.join(@fs, "x")]
    assert_equal true, "#{@fs.to_path}/a.rb".start_with?(@fs)
    assert_equal @fs.to_path.sub(/\A./, "X"), @fs.sub(/\A./, "X")
  end

  def test_copies_read_the_same
    [@fs.dup, @fs.clone].each do |copy|
      assert_equal ["puts 1\n", @fs.to_path, FILES.size], [copy.read("a.rb"), copy.to_path, copy.entries.size]
    end
  end

  WRONG = [nil, 1, :symbol, Object.new, ["a.rb"]].freeze

  def test_arguments_of_the_wrong_type
    %i[file? directory? size read sub].each do |method|
      WRONG.each { |value| assert_raises(TypeError) { @fs.public_send(method, value) } }
      assert_raises(ArgumentError, method.to_s) { @fs.public_send(method) }
      assert_raises(ArgumentError, method.to_s) { @fs.public_send(method, "a", "b", "c") }
    end
  end

  def test_arguments_that_convert_themselves
    path = Class.new { def to_str = "a.rb" }.new
    assert_equal [true, 7, "puts 1\n"], [@fs.file?(path), @fs.size(path), @fs.read(path)]
  end

  def test_a_subdirectory
    sub = @fs.sub("lib")
    assert_kind_of InVFS::SubFS, sub
    assert_equal "#{@fs.to_path}/lib", sub.to_path
    assert_equal "puts 2\n", sub.read("b.rb")
    assert_same @fs, sub.parent
  end

  def test_objects_that_were_never_made_do_not_crash
    %i[to_path entries inspect].each { |method| assert_raises(TypeError, NoMethodError) { @fs.class.allocate.public_send(method) } }
    assert_raises(TypeError) { Marshal.dump(@fs) }
  end

  def test_a_frozen_object_works
    assert_equal "puts 1\n", @fs.freeze.read("a.rb")
  end

  def test_many_threads_read
    times = GCStress::ON ? 2 : 20
    results = Array.new(8) { Thread.new { Array.new(times) { @fs.read("lib/b.rb") }.uniq } }.flat_map(&:value).uniq
    assert_equal ["puts 2\n"], results
  end
end
