# frozen_string_literal: true

# Archives in $: as plain paths, features that are paths, and archives that change on disk.
require_relative "test_helper"

class ArchivePathsTest < Minitest::Test
  include Differential

  AS_STRING = %i[archive_path path_into_archive].freeze
  FILES = { "a.rb" => "puts __FILE__", "lib/b.rb" => "puts __FILE__" }.freeze

  def test_absolute_features
    assert_as_on_disk(FILES, <<~'RUBY', prints: "<main>/a.rb\ntrue\nfalse\nfalse\nfalse\nfalse\n<main>/lib/b.rb\ntrue\n")
      p require("#{ROOT}/a")
      p require("#{ROOT}/a.rb")
      p require("#{ROOT}/lib/../a.rb")
      p require("#{ROOT}//./a")
      p require("a")
      p require("#{ROOT}/lib/b")
    RUBY
  end

  def test_absolute_features_that_are_missing
    assert_as_on_disk(FILES, <<~'RUBY')
      ["/nothing", "/nothing.rb", "/lib", "", "/", "/a.so", "/a/b", "/a.rb/b", "/x/../../nothing"].each do |rest|
        Probe.attempt { require(ROOT + rest) }
        Probe.attempt { load(ROOT + rest) } unless rest.empty? # the archive itself
      end
    RUBY
  end

  def test_an_absolute_feature_of_an_archive_that_never_stood_in_the_load_path
    expected = "<main>/a.rb\ntrue\nfalse\n<main>/lib/b.rb\ntrue\n"
    assert_as_on_disk(FILES, <<~'RUBY', prints: expected, push: [], kinds: %i[archive_path])
      p require("#{ROOT}/a")
      p require("#{ROOT}/a.rb")
      p require("#{ROOT}/lib/b")
    RUBY
  end

  def test_a_path_and_an_object_of_one_file_are_one_archive
    assert_in_each_vfs(FILES, <<~'RUBY', "<main>/a.rb\n[true, false, true]\n", kinds: %i[archive_path])
      loaded = require("a")
      zip = InVFS.zip(ROOT)
      $:.unshift(zip)
      p [loaded, require("a"), InVFS.root(zip) == ROOT]
    RUBY
  end

  def test_a_closed_archive_is_passed_over
    assert_in_each_vfs(FILES, <<~'RUBY', "LoadError: cannot load such file -- a\ntrue\n", kinds: %i[zip_fs])
      ENTRY.close
      Probe.attempt { require("a") }
      p require("set") || require("digest")
    RUBY
  end

  def test_features_relative_to_the_working_directory
    assert_as_on_disk(FILES, <<~'RUBY', prints: "<main>/a.rb\ntrue\nfalse\n<main>/lib/b.rb\ntrue\nfalse\n")
      inside = ROOT.delete_prefix("#{BASE}/")
      Dir.chdir(BASE)
      p require("./#{inside}/a")
      p require("./#{inside}/a.rb")
      Dir.mkdir("below")
      Dir.chdir("below")
      p require("../#{inside}/lib/b")
      p require("lib/b")
    RUBY
  end

  def test_a_feature_relative_to_the_working_directory_is_not_found_elsewhere
    assert_as_on_disk(FILES, <<~'RUBY', prints: "LoadError: cannot load such file -- ./a\ntrue\n")
      Dir.chdir(BASE)
      Probe.attempt { require("./a") }
      p $:.include?(ENTRY)
    RUBY
  end

  def test_features_relative_to_the_home_directory
    assert_as_on_disk(FILES, <<~'RUBY', prints: "<main>/a.rb\ntrue\nfalse\n<main>/a.rb\ntrue\n")
      ENV["HOME"] = BASE
      inside = ROOT.delete_prefix("#{BASE}/")
      p require("~/#{inside}/a")
      p require("a")
      p load("~/#{inside}/a.rb")
    RUBY
  end

  ENTRIES = {
    "an absolute path" => "ROOT",
    "a Pathname" => "(require 'pathname'; Pathname(ROOT))",
    "a relative path" => "ROOT.delete_prefix(BASE + '/')",
    "a relative path with a dot" => "'./' + ROOT.delete_prefix(BASE + '/')",
    "a path with a tilde" => "'~/' + ROOT.delete_prefix(BASE + '/')",
    "a path that is not clean" => "BASE + '/x/..//' + ROOT.delete_prefix(BASE + '/') + '/.'",
    "a path with a slash at the end" => "ROOT + '/'",
    "a frozen path" => "ROOT.dup.freeze",
    "a binary string" => "ROOT.b",
    "an object with to_path" => "Class.new { def to_path = ROOT }.new",
    "an object with to_str" => "Class.new { def to_str = ROOT }.new",
    "a subclass of String" => "Class.new(String).new(ROOT)",
    "a directory inside, for b" => "ROOT + '/lib'"
  }.freeze

  ENTRIES.each do |sentence, entry|
    define_method("test_#{sentence.gsub(/\W+/, "_")}_as_entry") do
      assert_as_on_disk(FILES, <<~RUBY, kinds: AS_STRING, push: [])
        ENV["HOME"] = BASE
        Dir.chdir(BASE)
        $:.unshift(#{entry})
        Probe.attempt { require("a") }
        Probe.attempt { require("b") }
        Probe.attempt { require("lib/b") }
        p Probe.features
      RUBY
    end
  end

  def test_a_relative_entry_follows_the_working_directory
    assert_as_on_disk(FILES, <<~'RUBY', kinds: AS_STRING, push: [], prints: <<~OUT)
      Dir.chdir(BASE)
      $:.unshift(ROOT.delete_prefix("#{BASE}/"))
      p require("a")
      Dir.chdir("/")
      Probe.attempt { require("lib/b") }
      Dir.chdir(BASE)
      p require("lib/b")
    RUBY
      <main>/a.rb
      true
      LoadError: cannot load such file -- lib/b
      <main>/lib/b.rb
      true
    OUT
  end

  def test_a_path_through_a_symlink
    assert_as_on_disk(FILES, <<~'RUBY', kinds: AS_STRING, push: [])
      File.symlink(BASE, "#{BASE}/link")
      $:.unshift("#{BASE}/link/" + ROOT.delete_prefix("#{BASE}/"))
      p require("a")
      p Probe.features
      $:.unshift(ROOT)
      p require("a")
      p Probe.features.size
    RUBY
  end

  def test_the_path_of_a_file_that_is_no_archive_is_ignored
    on_disk = { real: { "text" => "not an archive", "empty" => "", "a.rb" => "", "x.zip" => "PK no zip" } }
    assert_as_on_disk(FILES, <<~'RUBY', on_disk: on_disk, push: [], prints: "<main>/a.rb\ntrue\n")
      $:.unshift(*%w[text empty a.rb x.zip x.zip/lib text/].map { |name| "#{ROOTS[:real]}/#{name}" })
      $: << ENTRY
      p require("a")
    RUBY
  end

  # On disk the same happens with a directory: what counts is what is there at the time of the search.
  CHANGES = <<~'RUBY'
    require "fileutils"
    def swap(from, to)
      FileUtils.rm_rf("#{to}.old")
      File.rename(to, "#{to}.old") if File.exist?(to)
      File.rename(from, to) if from
    end
    NEW, OLD = [ROOTS[:other], ROOTS[:main]].map { |root| root.delete_suffix("/inner") }
  RUBY

  def test_an_archive_that_is_created_after_it_was_put_in_the_load_path
    assert_as_on_disk(FILES, <<~RUBY, kinds: AS_STRING, push: [], trees: { other: FILES }, prints: <<~OUT)
      #{CHANGES}
      swap(nil, OLD)
      $:.unshift(ROOT)
      Probe.attempt { require("a") }
      swap(NEW, OLD)
      Probe.attempt { require("a") }
    RUBY
      LoadError: cannot load such file -- a
      <main>/a.rb
      true
    OUT
  end

  def test_an_archive_that_is_replaced
    other = { "a.rb" => "puts :new_a", "c.rb" => "puts :new_c" }
    assert_as_on_disk(FILES, <<~RUBY, kinds: AS_STRING, trees: { other: other }, prints: <<~OUT)
      #{CHANGES}
      p require("a")
      swap(NEW, OLD)
      p require("a")
      p require("c")
      Probe.attempt { require("lib/b") }
    RUBY
      <main>/a.rb
      true
      false
      new_c
      true
      LoadError: cannot load such file -- lib/b
    OUT
  end

  def test_an_archive_that_is_removed
    files = { "a.rb" => "puts :a; def later = :works", "b.rb" => "" }
    assert_as_on_disk(files, <<~RUBY, kinds: AS_STRING, prints: <<~OUT, trees: { other: {} })
      #{CHANGES}
      p require("a")
      swap(nil, OLD)
      Probe.attempt { require("b") }
      p later
      p require("a")
    RUBY
      a
      true
      LoadError: cannot load such file -- b
      :works
      false
    OUT
  end

  def test_an_archive_that_becomes_a_directory_and_back
    on_disk = { real: { "b.rb" => "puts :from_directory" } }
    files = { "a.rb" => "puts :a", "b.rb" => "puts :from_the_entry", "c.rb" => "puts :c" }
    assert_as_on_disk(files, <<~RUBY, kinds: %i[archive_path], on_disk: on_disk, prints: "a\nfrom_directory\nc\n")
      #{CHANGES.gsub("[ROOTS[:other], ROOTS[:main]]", "[ROOTS[:real], ROOTS[:main]]")}
      require "a"
      swap(NEW, OLD)
      require "b"
      File.rename(OLD, NEW)
      File.rename(OLD + ".old", OLD)
      require "c"
    RUBY
  end

  def test_an_archive_in_the_load_path_needs_a_handler
    Dir.mktmpdir do |directory|
      ZipBuilder.write("#{directory}/box.zip", { "a.rb" => "puts __FILE__" })
      program = "$: << #{"#{directory}/box.zip".dump}; begin; require 'a'; rescue LoadError => e; puts e.message; end"
      without = RubyProcess.run("-I#{RubyProcess::LIB}", "-rinvfs", "-e", program)
      with = RubyProcess.run("-I#{RubyProcess::LIB}", "-rinvfs/zip", "-e", program)
      assert_match(%r{\Acannot load such file -- a \(.*require "invfs/zip"}, without.stdout)
      assert_equal "#{File.realpath(directory)}/box.zip/a.rb\n", with.stdout, with
    end
  end
end
