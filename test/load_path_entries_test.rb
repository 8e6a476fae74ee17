# frozen_string_literal: true

# Edits of $: change only where the next search looks, never what is loaded.
require_relative "test_helper"

class LoadPathEntriesTest < Minitest::Test
  include Differential

  EDITS = {
    "unshift" => "$:.unshift(ENTRY)",
    "<<" => "$: << ENTRY",
    "push" => "$:.push(ENTRY)",
    "insert" => "$:.insert(1, ENTRY)",
    "concat" => "$:.concat([ENTRY])",
    "+= through replace" => "$:.replace($: + [ENTRY])",
    "index assignment" => "$:[0] = ENTRY",
    "slice assignment" => "$:[1, 0] = [ENTRY]",
    "map!" => "$:.map! { |entry| entry.equal?($:[0]) ? ENTRY : entry }",
    "fill" => "$: << nil.to_s; $:.fill(ENTRY, -1)",
    "an edit through $LOAD_PATH" => "$LOAD_PATH << ENTRY",
    "an edit through $-I" => "$-I << ENTRY"
  }.freeze

  EDITS.each do |sentence, edit|
    define_method("test_#{sentence.gsub(/\W+/, "_")}_#{EDITS.keys.index(sentence)}_is_seen_by_the_next_require") do
      assert_as_on_disk({ "a.rb" => "puts __FILE__" }, <<~RUBY, push: [], prints: <<~OUT)
        Probe.attempt { require("a") }
        #{edit}
        Probe.attempt { require("a") }
      RUBY
        LoadError: cannot load such file -- a
        <main>/a.rb
        true
      OUT
    end
  end

  REMOVALS = {
    "delete" => "$:.delete(ENTRY)",
    "shift" => "$:.shift",
    "clear" => "$:.clear",
    "replace" => "$:.replace([])",
    "reject!" => "$:.reject! { |entry| entry.equal?(ENTRIES[:main]) || entry == ENTRY }",
    "delete_at" => "$:.delete_at(0)",
    "slice!" => "$:.slice!(0)",
    "compact! of what was set to another directory" => "$:[0] = BASE"
  }.freeze

  REMOVALS.each do |sentence, removal|
    define_method("test_after_#{sentence.gsub(/\W+/, "_")}_the_entry_is_not_searched") do
      assert_as_on_disk({ "a.rb" => "puts __FILE__", "b.rb" => "" }, <<~RUBY, prints: <<~OUT)
        p require("a")
        #{removal}
        Probe.attempt { require("b") }
        Probe.attempt { load("b.rb") }
      RUBY
        <main>/a.rb
        true
        LoadError: cannot load such file -- b
        LoadError: cannot load such file -- b.rb
      OUT
    end
  end

  def test_an_entry_that_comes_back_is_searched_again
    assert_as_on_disk({ "a.rb" => "puts :a", "b.rb" => "puts :b" }, <<~'RUBY', prints: "a\nb\n")
      require "a"
      $:.delete(ENTRY)
      Probe.attempt { require("b") } if $:.include?(ENTRY)
      $: << ENTRY
      require "b"
    RUBY
  end

  def test_a_change_of_order_counts
    files = { "a.rb" => "puts __FILE__" }
    assert_as_on_disk(files, <<~'RUBY', trees: { other: files }, push: %i[main other], prints: <<~OUT)
      $:[0], $:[1] = $:[1], $:[0]
      require "a"
      $:.reverse!
      load "a.rb"
    RUBY
      <main>/a.rb
      <other>/a.rb
    OUT
  end

  def test_an_entry_twice
    assert_as_on_disk({ "a.rb" => "puts __FILE__" }, <<~'RUBY', push: %i[main main], prints: "<main>/a.rb\ntrue\nfalse\n")
      p require("a")
      $:.shift
      p require("a")
    RUBY
  end

  def test_an_entry_that_is_added_while_a_file_is_loading
    files = { "a.rb" => "$: << ENTRIES[:other]; require 'b'; puts __FILE__" }
    assert_as_on_disk(files, 'require "a"', trees: { other: { "b.rb" => "puts __FILE__" } }, prints: <<~OUT)
      <other>/b.rb
      <main>/a.rb
    OUT
  end

  def test_an_entry_that_is_removed_while_its_file_is_loading
    files = { "a.rb" => <<~'RUBY', "b.rb" => "puts :b" }
      $:.delete(ENTRY)
      Probe.attempt { require("b") }
      Probe.attempt { require_relative("b") }
    RUBY
    assert_as_on_disk(files, 'p require("a")', prints: <<~OUT)
      LoadError: cannot load such file -- b
      b
      true
      true
    OUT
  end

  def test_what_is_loaded_works_on_after_the_entry_is_gone
    files = {
      "a.rb" => <<~'RUBY', "b.rb" => "puts :b", "c.rb" => "C = :c", "d/e.rb" => "puts :e"
        def relative = require_relative("b")
        def absolute = require(__dir__ + "/d/e")
        def run = load(__dir__ + "/d/e.rb")
        module Late; autoload :C, "#{__dir__}/c.rb"; end
        class Object; autoload :C, "#{__dir__}/c.rb"; end
      RUBY
    }
    assert_as_on_disk(files, <<~'RUBY', prints: "b\ntrue\ne\ntrue\ne\ntrue\n:c\n")
      require "a"
      $:.delete(ENTRY)
      p relative
      p absolute
      p run
      p C
    RUBY
  end

  def test_a_frozen_load_path
    assert_as_on_disk({ "a.rb" => "puts __FILE__" }, '$:.freeze; p require("a")', prints: "<main>/a.rb\ntrue\n")
  end

  def test_entries_that_are_nothing
    assert_as_on_disk({ "a.rb" => "puts __FILE__" }, <<~'RUBY', push: [], prints: "<main>/a.rb\ntrue\n")
      $:.unshift("", "/nowhere/at/all", __FILE__, "relative/nowhere", ENTRY)
      p require("a")
    RUBY
  end

  def test_entries_of_the_wrong_type
    assert_as_on_disk({ "a.rb" => "puts __FILE__" }, <<~'RUBY', push: [])
      [nil, 1, :symbol, Object.new, ["x"]].each do |entry|
        $:.unshift(entry)
        $: << ENTRY
        Probe.attempt { require("a") }.then { |e| e.message.sub(/0x\h{8,}/, "") if e.is_a?(Exception) }
        $:.delete(ENTRY)
        $:.shift
      end
    RUBY
  end

  def test_an_entry_that_is_added_twice_in_different_spelling_is_one_place
    assert_as_on_disk({ "a.rb" => "puts __FILE__" }, <<~'RUBY', kinds: %i[archive_path path_into_archive])
      $:.unshift(ROOT + "/", BASE + "/./" + ROOT.delete_prefix(BASE + "/"))
      p require("a")
      $:.shift
      p require("a")
    RUBY
  end
end
