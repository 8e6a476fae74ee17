# frozen_string_literal: true

# Which file a feature names: extensions, the order of the entries, directories that look like files.
require_relative "test_helper"

class FindingTest < Minitest::Test
  include Differential

  def test_a_feature_without_extension_finds_the_rb_file
    assert_as_on_disk({ "a.rb" => "puts __FILE__" }, <<~'RUBY', prints: <<~OUT)
      p require("a")
      p require("a")
    RUBY
      <main>/a.rb
      true
      false
    OUT
  end

  def test_a_feature_with_extension_finds_the_rb_file
    assert_as_on_disk({ "a.rb" => "puts __FILE__", "a.rb.rb" => "puts :wrong" }, 'p require("a.rb")', prints: <<~OUT)
      <main>/a.rb
      true
    OUT
  end

  def test_a_feature_with_rb_extension_finds_a_file_with_the_extension_twice
    assert_as_on_disk({ "a.rb.rb" => "puts __FILE__" }, 'Probe.attempt { require("a.rb") }; p Probe.features')
  end

  def test_a_dot_in_the_name_is_not_an_extension
    assert_as_on_disk({ "a.b.rb" => "puts __FILE__", "a.txt" => "" }, <<~'RUBY', prints: <<~OUT)
      p require("a.b")
      Probe.attempt { require("a.txt") }
    RUBY
      <main>/a.b.rb
      true
      LoadError: cannot load such file -- a.txt
    OUT
  end

  def test_a_file_without_extension_is_not_found_by_require_but_by_load
    assert_as_on_disk({ "script" => "puts __FILE__" }, <<~'RUBY', prints: <<~OUT)
      Probe.attempt { require("script") }
      p load("script")
    RUBY
      LoadError: cannot load such file -- script
      <main>/script
      true
    OUT
  end

  def test_files_in_subdirectories
    files = { "one/two/three.rb" => "puts __FILE__", "one/two.rb" => "puts __FILE__" }
    assert_as_on_disk(files, <<~'RUBY', prints: <<~OUT)
      p require("one/two/three")
      p require("one/two")
      p require("one/../one//two/./three")
    RUBY
      <main>/one/two/three.rb
      true
      <main>/one/two.rb
      true
      false
    OUT
  end

  def test_an_unclean_feature_is_recorded_clean
    assert_as_on_disk({ "one/a.rb" => "puts __FILE__" }, <<~'RUBY')
      Probe.attempt { require("one/../one//a") }
      p Probe.features
      Probe.attempt { require("one/a") }
      Probe.attempt { require("one/x/../a") }
    RUBY
  end

  def test_a_directory_with_the_name_of_a_file_is_no_file
    assert_as_on_disk({ "a.rb/inner.rb" => "puts __FILE__", "b.rb/" => nil }, <<~'RUBY', prints: <<~OUT)
      Probe.attempt { require("a") }
      Probe.attempt { require("a.rb") }
      Probe.attempt { load("a.rb") }
      p require("a.rb/inner")
    RUBY
      LoadError: cannot load such file -- a
      LoadError: cannot load such file -- a.rb
      LoadError: cannot load such file -- a.rb
      <main>/a.rb/inner.rb
      true
    OUT
  end

  def test_a_directory_with_the_name_of_a_file_hides_no_later_file
    assert_as_on_disk({ "a.rb/inner.rb" => "" }, 'p require("a")', prints: "<real>/a.rb\ntrue\n",
                      on_disk: { real: { "a.rb" => "puts __FILE__" } }, push: %i[real main])
  end

  def test_features_that_name_nothing
    assert_as_on_disk({ "a.rb" => "", "lib/b.rb" => "" }, <<~'RUBY')
      names = ["", ".", "/", "..", "lib", "lib/", "a/", "a.rb/", " a", "a ", "A", "./a", "../a", ".rb", "a.rb.", "a.rbx"]
      names.each do |feature|
        print feature.inspect, " "
        Probe.attempt { require(feature) }
      end
    RUBY
  end

  def test_two_entries_with_the_same_file_the_earlier_wins
    files = { "a.rb" => "puts __FILE__", "b.rb" => "puts __FILE__" }
    %i[main other].permutation.each do |order|
      assert_as_on_disk(files, <<~'RUBY', trees: { other: files }, push: order, prints: <<~OUT)
        p require("a")
        p $LOADED_FEATURES.count { |path| path.end_with?("/a.rb") && Probe.features.include?(path) }
      RUBY
        <#{order.last}>/a.rb
        true
        1
      OUT
    end
  end

  def test_a_directory_and_a_vfs_with_the_same_file_the_earlier_wins
    files = { "a.rb" => "puts __FILE__" }
    %i[main real].permutation.each do |order|
      assert_as_on_disk(files, 'p require("a")', on_disk: { real: files }, push: order, prints: <<~OUT)
        <#{order.last}>/a.rb
        true
      OUT
    end
  end

  def test_each_entry_gives_what_only_it_has
    trees = { other: { "b.rb" => "puts __FILE__; require 'c'" } }
    on_disk = { real: { "c.rb" => "puts __FILE__" } }
    files = { "a.rb" => "puts __FILE__; require 'b'" }
    assert_as_on_disk(files, 'p require("a")', trees: trees, on_disk: on_disk, push: %i[real other main], prints: <<~OUT)
      <main>/a.rb
      <other>/b.rb
      <real>/c.rb
      true
    OUT
  end

  def test_the_standard_library_is_found_as_ever
    files = { "a.rb" => "require 'set'; require 'json'; puts JSON.dump([1]); puts __FILE__" }
    assert_as_on_disk(files, <<~'RUBY', prints: <<~OUT)
      p require("a")
      p require("English")
      p require("strscan")
      p require("strscan.so")
    RUBY
      [1]
      <main>/a.rb
      true
      true
      true
      false
    OUT
  end

  def test_resolve_feature_path_answers_kind_and_path
    assert_as_on_disk({ "a.rb" => "", "d/b.rb" => "" }, <<~'RUBY', prints: <<~OUT)
      p $LOAD_PATH.resolve_feature_path("a")
      p $LOAD_PATH.resolve_feature_path("a.rb")
      p $LOAD_PATH.resolve_feature_path("d/b")
      p $LOAD_PATH.resolve_feature_path("#{ROOT}/a")
      p Probe.features
    RUBY
      [:rb, "<main>/a.rb"]
      [:rb, "<main>/a.rb"]
      [:rb, "<main>/d/b.rb"]
      [:rb, "<main>/a.rb"]
      []
    OUT
  end

  def test_resolve_feature_path_of_the_unknown_and_of_the_loaded
    assert_as_on_disk({ "a.rb" => "" }, <<~'RUBY')
      Probe.attempt { $LOAD_PATH.resolve_feature_path("nowhere") }
      require "a"
      Probe.attempt { $LOAD_PATH.resolve_feature_path("a") }
      Probe.attempt { $LOAD_PATH.resolve_feature_path("strscan")&.first }
      Probe.attempt { $LOAD_PATH.resolve_feature_path(nil) }
    RUBY
  end

  # A name is joined to the entry and cleaned before anything is looked up, so it can lead out and back in.
  def test_a_name_that_leaves_the_root
    on_disk = { real: { "x.rb" => "puts :out" } }
    assert_as_on_disk({ "a.rb" => "puts :inside" }, <<~'RUBY', on_disk: on_disk, kinds: %i[zip_fs archive_path user_vfs mount])
      ["d/../../real/x", "../main.zip/a", "a/../../main.zip/a", "x/../../../../nothing", "d/../a"].each do |feature|
        Probe.attempt { require(feature) }
      end
      puts Probe.features
    RUBY
  end
end
