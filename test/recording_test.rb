# frozen_string_literal: true

# What require returns and records in $", and what load does not.
require_relative "test_helper"

class RecordingTest < Minitest::Test
  include Differential

  def test_the_first_require_is_true_and_records_one_frozen_path
    assert_as_on_disk({ "d/a.rb" => "p Probe.features" }, <<~'RUBY', prints: <<~OUT)
      before = $".size
      p require("d/a"), $".size - before
      path = $".last
      p path, path.frozen?, path.class, $".include?("#{ROOT}/d/a.rb"), $LOADED_FEATURES.equal?($")
      p require("d/a"), $".size - before
    RUBY
      []
      true
      1
      "<main>/d/a.rb"
      true
      String
      true
      true
      false
      1
    OUT
  end

  def test_a_feature_is_recorded_after_what_it_requires
    files = { "a.rb" => "require 'b'; require 'c'", "b.rb" => "require 'c'", "c.rb" => "" }
    assert_as_on_disk(files, 'require "a"; puts Probe.features', prints: "<main>/c.rb\n<main>/b.rb\n<main>/a.rb\n")
  end

  def test_a_deleted_entry_loads_again
    assert_as_on_disk({ "a.rb" => "puts :a", "b.rb" => "puts :b" }, <<~'RUBY', prints: "a\nb\ntrue\na\ntrue\nfalse\n1\n")
      require "a"
      require "b"
      p $".delete("#{ROOT}/a.rb") == "#{ROOT}/a.rb"
      p require("a"), require("b")
      p $".count("#{ROOT}/a.rb")
    RUBY
  end

  def test_deleting_another_entry_changes_nothing
    assert_as_on_disk({ "a.rb" => "puts :a", "b.rb" => "puts :b" }, <<~'RUBY', prints: "a\nb\nb\nfalse\ntrue\nfalse\n")
      require "a"
      require "b"
      $".delete("#{ROOT}/b.rb")
      p require("a"), require("b"), require("b")
    RUBY
  end

  EDITS = {
    "clear" => '$".clear',
    "replace by nothing" => '$".replace([])',
    "replace by the same" => '$".replace($".dup)',
    "reverse" => '$".reverse!',
    "sort" => '$".sort!',
    "reject of ours" => '$".reject! { |path| path.start_with?(ROOT) }',
    "an entry changed to another path" => '$"[$".index("#{ROOT}/a.rb")] = "/elsewhere.rb"',
    "an entry replaced by an equal string" => '$"[$".index("#{ROOT}/a.rb")] = "#{ROOT}/a.rb"',
    "shift" => '$".shift',
    "pop" => '$".pop',
    "uniq" => '$".concat($".dup).uniq!',
    "an entry twice, one deleted" => '$" << "#{ROOT}/a.rb"; $".delete_at($".index("#{ROOT}/a.rb"))',
    "map" => '$".map!(&:dup)',
    "a short name that somebody provides" => '$".delete("#{ROOT}/a.rb"); $" << "a.rb"',
    "a relative path that somebody provides" => '$".delete("#{ROOT}/a.rb"); $" << "./a.rb"',
    "a name without extension" => '$".delete("#{ROOT}/a.rb"); $" << "#{ROOT}/a"',
    "unshift of something" => '$".unshift("/something.rb")',
    "append of something" => '$" << "/something.rb"'
  }.freeze

  EDITS.each do |sentence, edit|
    define_method("test_#{sentence.gsub(/\W+/, "_")}_of_the_features") do
      files = { "a.rb" => "puts :a", "b.rb" => "puts :b", "c.rb" => "puts :c" }
      assert_as_on_disk(files, <<~RUBY)
        $".map!(&:itself) # the list as it is belongs to this Ruby from here on
        require "a"
        require "b"
        #{edit}
        p require("a"), require("b"), require("c"), require(ROOT + "/a"), require("a.rb")
        p Probe.features.sort
      RUBY
    end
  end

  def test_a_path_that_somebody_recorded_counts_as_loaded
    assert_as_on_disk({ "a.rb" => "puts :a", "b.rb" => "puts :b" }, <<~'RUBY', prints: "false\nfalse\nfalse\nb\ntrue\n")
      $" << "#{ROOT}/a.rb"
      p require("a"), require("a.rb"), require("#{ROOT}/a")
      p require("b")
    RUBY
  end

  NAMES = ["d/a", "d/a.rb", '#{ROOT}/d/a', '#{ROOT}/d/a.rb', '#{ROOT}/d/../d//a.rb', "d/b"].freeze

  NAMES.each_with_index do |first, index|
    define_method("test_all_names_of_a_file_are_one_feature_#{index}") do
      files = { "d/a.rb" => "puts :a", "d/b.rb" => "p %w[a a.rb ../d/a].map { |name| require_relative(name) }" }
      assert_as_on_disk(files, <<~RUBY)
        #{[first, *NAMES].map { |name| "p require(\"#{name}\")" }.join("\n")}
        p Probe.features
      RUBY
    end
  end

  def test_what_is_loaded_from_a_directory_is_not_loaded_from_a_vfs
    files = { "a.rb" => "puts __FILE__" }
    %w[<< unshift].each do |add|
      assert_as_on_disk(files, <<~RUBY, push: %i[real], on_disk: { real: files }, prints: "<real>/a.rb\ntrue\nfalse\nfalse\n")
        p require("a")
        $:.send(:#{add}, ENTRY)
        p require("a"), require("a.rb")
      RUBY
    end
  end

  def test_what_is_loaded_from_a_vfs_is_not_loaded_from_a_directory
    files = { "a.rb" => "puts __FILE__" }
    %w[<< unshift].each do |add|
      assert_as_on_disk(files, <<~RUBY, on_disk: { real: files }, prints: "<main>/a.rb\ntrue\nfalse\nfalse\n")
        p require("a")
        $:.send(:#{add}, ROOTS[:real])
        p require("a"), require("a.rb")
      RUBY
    end
  end

  def test_what_was_loaded_by_path_is_loaded_from_its_entry
    files = { "a.rb" => "puts __FILE__" }
    assert_as_on_disk(files, <<~'RUBY', trees: { other: files }, push: %i[main other])
      p require("#{ROOT}/a")
      p require("a")
      p Probe.features
    RUBY
  end

  def test_a_vfs_that_was_searched_before_and_is_gone_does_not_count
    files = { "a.rb" => "puts __FILE__" }
    assert_as_on_disk(files, <<~'RUBY', on_disk: { real: files })
      p require("a")
      $:.delete(ENTRY)
      $:.unshift(ROOTS[:real])
      p require("a")
      p Probe.features
    RUBY
  end

  def test_load_always_runs_and_records_nothing
    assert_as_on_disk({ "a.rb" => "puts __FILE__" }, <<~'RUBY', prints: "#{"<main>/a.rb\n" * 3}true\n[]\n<main>/a.rb\ntrue\n")
      load "a.rb"
      load "#{ROOT}/a.rb"
      p load("a.rb"), Probe.features
      p require("a")
    RUBY
  end

  def test_load_finds_only_the_exact_name
    assert_as_on_disk({ "a.rb" => "puts __FILE__", "b" => "puts __FILE__", "d/c.txt" => "puts __FILE__" }, <<~'RUBY')
      ["a", "a.rb", "b", "b.rb", "d/c.txt", "d", "./a.rb"].each { |name| Probe.attempt { load(name) } }
    RUBY
  end

  def test_load_looks_in_the_load_path_before_the_working_directory
    on_disk = { real: { "a.rb" => "puts __FILE__", "b.rb" => "puts __FILE__" } }
    assert_as_on_disk({ "a.rb" => "puts __FILE__" }, <<~'RUBY', on_disk: on_disk)
      Dir.chdir(ROOTS[:real])
      load("a.rb")
      Probe.attempt { load("b.rb") }
      Probe.attempt { load("./a.rb") }
    RUBY
  end
end
