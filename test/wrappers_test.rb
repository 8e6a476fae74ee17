# frozen_string_literal: true

# Other libraries that patch require, before and after invfs: wrappers, RubyGems, Bundler, bootsnap, zeitwerk, invfs
# itself.
require_relative "test_helper"

class WrappersTest < Minitest::Test
  include Differential

  SUPPORT = File.expand_path("support", __dir__)
  FILES = { "a.rb" => "puts __FILE__; require_relative 'd/b'", "d/b.rb" => "puts __FILE__; require 'c'", "c.rb" => "puts __FILE__" }.freeze

  WRAPPERS = {
    "an alias in Kernel" => "module Kernel\nalias old_require require\ndef require(name) = (note(name); old_require(name))\nprivate :require\nend",
    "a module prepended to Kernel" => "Kernel.prepend(Module.new { def require(name) = (note(name); super) })",
    "a module prepended to Object" => "Object.prepend(Module.new { def require(name) = (note(name); super) })",
    "a module included in Object" => "Object.include(Module.new { def require(name) = (note(name); super) })",
    "define_method" => "o = Kernel.instance_method(:require)\nKernel.define_method(:require) { |name| note(name); o.bind_call(self, name) }",
    "Kernel's singleton" => "class << Kernel\nalias old_require require\ndef require(name) = (note(name); old_require(name))\nend",
    "a module prepended to Kernel's singleton" =>
      "Kernel.singleton_class.prepend(Module.new { def require(name) = (note(name); super) })",
    "main only" => "def self.require(name) = (note(name); super)",
    "two wrappers" => "2.times { Kernel.prepend(Module.new { def require(name) = (note(name); super) }) }",
    "a wrapper of require_relative through load" =>
      "module Kernel\nalias old_load load\ndef load(name, *rest) = (note(name); old_load(name, *rest))\nprivate :load\nend",
    "a wrapper that retries" => "Kernel.prepend(Module.new { def require(name) = super rescue (note(:rescued); super) })",
    "a wrapper with a block and keywords" => "Object.prepend(Module.new { def require(name, *r, **k, &b) = (note(name); super) })"
  }.freeze

  WRAPPERS.each do |sentence, wrapper|
    define_method("test_#{sentence.gsub(/\W+/, "_")}") do
      assert_as_on_disk(FILES, <<~RUBY)
        $notes = []
        def note(name) = $notes << name
        #{wrapper}
        p require("a"), require("a"), Kernel.require("c"), load("c.rb"), $notes
        p Probe.features.size
      RUBY
    end
  end

  # invfs comes before earlier patches: they see only what no VFS has.
  def test_a_wrapper_that_was_there_before
    assert_as_on_disk(FILES, <<~'RUBY', ruby: ["-r#{SUPPORT}/preload_wrapper.rb"], kinds: %i[zip_fs archive_path user_vfs mount])
      WRAPPED.clear
      p require("a"), require("a"), require("English")
      p WRAPPED - %w[a c monitor rbconfig]
    RUBY
  end

  def test_a_wrapper_that_breaks_is_not_hidden
    assert_as_on_disk(FILES, <<~'RUBY', prints: "broken\nfalse\n")
      module Broken; def require(name) = raise("broken"); end
      Kernel.prepend(Broken)
      begin
        require "a"
      rescue RuntimeError => e
        puts e.message
      end
      p Probe.features.any?
    RUBY
  end

  def test_a_gem_that_is_not_activated_yet
    assert_as_on_disk(FILES.merge("x.rb" => "require 'minitest'; p defined?(Minitest)"), <<~'RUBY')
      p Gem.loaded_specs.key?("minitest"), require("x"), Gem.loaded_specs.key?("minitest"), require("minitest")
      p gem("rake").inspect, require("rake"), Rake.class
    RUBY
  end

  def test_gems_that_do_not_exist
    assert_as_on_disk(FILES, <<~'RUBY')
      Probe.attempt { require("no_such_gem_anywhere") }
      begin
        gem "no_such_gem_anywhere"
      rescue Gem::LoadError => e
        puts e.class, e.name
      end
      p require("a")
    RUBY
  end

  # A default gem has its files in the standard library; RubyGems activates it when it sees the name.
  def test_a_default_gem_and_a_file_of_the_same_name_in_front
    assert_as_on_disk({ "csv.rb" => "puts __FILE__", "erb.rb" => "puts __FILE__" }, <<~'RUBY')
      p require("csv"), Gem.loaded_specs.key?("csv")
      p require("erb"), defined?(ERB)
    RUBY
  end

  def test_a_file_of_the_name_of_a_default_gem_behind
    assert_as_on_disk({ "csv.rb" => "puts __FILE__" }, <<~'RUBY', push: [])
      $: << ENTRY
      p require("csv"), defined?(CSV)
    RUBY
  end

  { "first" => [], "with_an_entry_in_the_load_path" => [:main] }.each do |sentence, push|
    define_method("test_bundler_#{sentence}") do
      skip "Bundler is not installed" unless installed?("bundler")
      on_disk = { real: { "Gemfile" => "source 'https://rubygems.org'\ngem 'rake'\n" } }
      # Bundler itself calls String#sub on each entry, which an object of a user's class does not have.
      kinds = push.empty? ? %i[zip_fs archive_path user_vfs mount] : %i[zip_fs archive_path mount]
      assert_as_on_disk(FILES, <<~'RUBY', on_disk: on_disk, push: push, kinds: kinds)
        ENV["BUNDLE_GEMFILE"] = "#{ROOTS[:real]}/Gemfile"
        require "bundler"
        Bundler.ui = Bundler::UI::Silent.new
        begin
          Bundler.setup
        rescue Bundler::BundlerError => e
          puts e.class
        end
        $:.unshift(ENTRY) unless $:.include?(ENTRY)
        p require("a"), require("rake"), defined?(Rake)
      RUBY
    end
  end

  # Where it can, bootsnap puts the real path in the place of an entry.
  BOOTSNAP_PROGRAM = <<~'RUBY'
    p require("a"), require("a"), require("set"), require("#{ROOT}/c"), load("c.rb")
    Probe.attempt { require("nothing_at_all") }
    $:.reject! { |entry| entry.equal?(ENTRY) || entry.to_s == ROOT }
    Probe.attempt { require("only_after") }
    $: << ENTRY
    p require("only_after")
    p Probe.features
  RUBY

  def test_bootsnap_before
    with_bootsnap do |env|
      options = ["-r#{SUPPORT}/preload_bootsnap.rb"]
      files = FILES.merge("only_after.rb" => "puts __FILE__")
      assert_as_on_disk(files, BOOTSNAP_PROGRAM, ruby: options, env: env, kinds: %i[zip_fs archive_path user_vfs mount])
    end
  end

  def test_bootsnap_after
    with_bootsnap do |env|
      program = "require '#{SUPPORT}/preload_bootsnap.rb'\n$:.unshift(ENTRY)\n#{BOOTSNAP_PROGRAM}"
      files = FILES.merge("only_after.rb" => "puts __FILE__")
      assert_as_on_disk(files, program, env: env, push: [], kinds: %i[zip_fs archive_path user_vfs mount])
    end
  end

  def test_bootsnap_after_an_entry_stands_in_the_load_path
    with_bootsnap do |env|
      files = FILES.merge("only_after.rb" => "puts __FILE__")
      program = "require '#{SUPPORT}/preload_bootsnap.rb'\n#{BOOTSNAP_PROGRAM}"
      # Bootsnap calls String methods on the entries of $: when it is set up, so the object must pass for a String.
      assert_as_on_disk(files, program, env: env, kinds: %i[zip_fs archive_path string_map_fs mount])
    end
  end

  ZEITWERK_PROGRAM = <<~'RUBY'
    require "zeitwerk"
    loader = Zeitwerk::Loader.new
    loader.push_dir(ROOTS[:real])
    loader.setup
    p require("a"), Managed, Managed::FROM_VFS, require("late")
    p Probe.features
  RUBY

  MANAGED = {
    "managed.rb" => "require 'from_vfs'\nmodule Managed; FROM_VFS = ::FromVFS; end", "managed/inner.rb" => "class Managed::Inner; end"
  }.freeze

  [[], ["-r#{SUPPORT}/preload_zeitwerk.rb"]].each do |options|
    define_method("test_zeitwerk_#{options.empty? ? "after" : "before"}") do
      skip "zeitwerk is not installed" unless installed?("zeitwerk")
      files = FILES.merge("from_vfs.rb" => "FromVFS = :here", "late.rb" => "puts Managed::Inner")
      assert_as_on_disk(files, ZEITWERK_PROGRAM, ruby: options, on_disk: { real: MANAGED }, kinds: %i[zip_fs archive_path user_vfs mount])
    end
  end

  LOADS = {
    "with -r" => ["-rinvfs"], "with -r of the zip handler" => ["-rinvfs/zip"], "with -r of both" => ["-rinvfs/zip", "-rinvfs"],
    "without gems" => ["--disable-gems", "-rinvfs"], "without anything" => ["--disable=gems,did_you_mean", "-rinvfs/unionfs"],
    "by absolute path" => ["-r#{RubyProcess::LIB}/invfs.rb"], "with gems loaded late" => ["--disable-gems", "-rinvfs", "-rrubygems"],
    "with warnings" => ["-w", "-rinvfs/zip"], "with frozen literals" => ["--enable=frozen-string-literal", "-rinvfs/zip"]
  }.freeze

  LOADS.each do |sentence, options|
    define_method("test_invfs_loads_#{sentence.tr(" ", "_")}") do
      outcome = RubyProcess.run("-I#{RubyProcess::LIB}", *options, "-e", <<~'RUBY')
        require "invfs"
        $: << InVFS.stringmap({ "a.rb" => "puts __FILE__" }, to_path: "/here")
        p require("a"), require("a"), require("English")
      RUBY
      assert_equal ["/here/a.rb\ntrue\nfalse\ntrue\n", "", 0], outcome.to_a, outcome
    end
  end

  def test_a_second_copy_of_invfs_patches_nothing
    Dir.mktmpdir("invfs-copy") do |directory|
      FileUtils.cp_r(RubyProcess::LIB, "#{directory}/lib")
      outcome = RubyProcess.run(*RubyProcess::INVFS, "-e", <<~RUBY)
        before = [method(:require), method(:load), InVFS::ZipFS].map(&:inspect)
        $:.unshift("#{directory}/lib")
        require "#{directory}/lib/invfs.rb"
        load "#{directory}/lib/invfs.rb"
        p [method(:require), method(:load), InVFS::ZipFS].map(&:inspect) == before
        $: << InVFS.stringmap({ "a.rb" => "puts __FILE__" }, to_path: "/here")
        p require("a"), require("a"), require("invfs")
      RUBY
      assert_equal "true\n/here/a.rb\ntrue\nfalse\nfalse\n", outcome.stdout, outcome
    end
  end

  private

  def with_bootsnap
    skip "bootsnap is not installed" unless installed?("bootsnap")
    Dir.mktmpdir("invfs-bootsnap") { |directory| yield("BOOTSNAP_TEST_CACHE" => directory) }
  end

  def installed?(name)
    Gem::Specification.any? { |spec| spec.name == name }
  end
end
