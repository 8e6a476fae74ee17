# frozen_string_literal: true

# Libraries that replace require too do not keep invfs from finding code in an archive: what a program does with a
# directory and no invfs, it does with an archive and invfs, whichever of them came first.
require_relative "program_helper"
require_relative "../support/zip_builder"

class ArchiveBesideOthersTest < Minitest::Test
  include ProgramHelper

  BOX = {
    "boxed/one.rb" => "require_relative 'two'\n" \
                      "module Boxed\n  autoload :Three, 'boxed/three'\n  ONE = [TWO, __FILE__]\nend\n",
    "boxed/two.rb" => "module Boxed\n  TWO = __dir__\nend\n",
    "boxed/three.rb" => "require 'boxed/four'\nmodule Boxed::Three\n  FOUR = $four\nend\n",
    "boxed/four.rb" => "$four = __method__.inspect\n",
    "again.rb" => "puts __FILE__\n"
  }.freeze
  PROGRAM = <<~'RUBY'
    box = ARGV.fetch(0)
    entry = ARGV[1] == "object" ? InVFS.zip(box) : box
    require "set"
    $:.push(entry)
    p require("boxed/one"), require("boxed/one"), Boxed::ONE, Boxed::Three::FOUR
    p $".grep(/boxed/), load("again.rb"), load("#{box}/again.rb"), require("#{box}/boxed/one.rb")
    p Object.new.send(:require, "boxed/two"), require("optparse"), require("json")
    p $".delete("#{box}/boxed/two.rb"), require("boxed/two")
    %w[boxed/none none].each do |name|
      require name
    rescue LoadError => e
      p e.class, e.message, e.path
    end
    $:.delete_if { |x| x.equal?(entry) }
    begin
      require "again"
    rescue LoadError => e
      p e.message
    end
  RUBY
  FILES = {
    "program.rb" => PROGRAM,
    "Gemfile" => "",
    "bootsnap_setup.rb" => <<~RUBY,
      require "msgpack"
      require "bootsnap"
      Bootsnap.setup(cache_dir: "\#{__dir__}/cache", development_mode: true, load_path_cache: true,
                     compile_cache_iseq: true, compile_cache_yaml: true)
    RUBY
    "zeitwerk_setup.rb" => "require 'zeitwerk'\nZeitwerk::Loader.new.tap { |l| l.push_dir(__dir__ + '/app') }.setup\n",
    "app/thing.rb" => "Thing = 1\n",
    "wrapper_setup.rb" => <<~RUBY
      module Wrapper
        def require(name) = super
        def load(name, *rest) = super
      end
      Object.prepend(Wrapper)
    RUBY
  }.freeze

  # name => the option that loads it, and the gems that it needs
  OTHERS = {
    "nothing" => [[], []],
    "no_rubygems" => [["--disable-gems"], []],
    "bundler" => [["-rbundler/setup"], [%w[bundler bundler]]],
    "bootsnap" => [["-r./bootsnap_setup"], [%w[bootsnap ruby-bootsnap], %w[msgpack ruby-msgpack]]],
    "zeitwerk" => [["-r./zeitwerk_setup"], [%w[zeitwerk ruby-zeitwerk]]],
    "a_wrapper_around_require" => [["-r./wrapper_setup"], []]
  }.freeze

  OTHERS.each do |name, (options, gems)|
    %w[path object].each do |entry|
      define_method("test_archive_as_#{entry}_with_#{name}_before_invfs") do
        gems.each { |gem| need_gem(*gem) }
        assert_archive_is_like_directory(options + RubyProcess::INVFS, options, entry)
      end

      define_method("test_archive_as_#{entry}_with_#{name}_after_invfs") do
        gems.each { |gem| need_gem(*gem) }
        assert_archive_is_like_directory(RubyProcess::INVFS + options, options, entry)
      end
    end
  end

  private

  def assert_archive_is_like_directory(with, without, entry)
    control = in_folder(FILES.merge(BOX.transform_keys { |name| "box/#{name}" })) do |dir|
      run_program(dir, "#{dir}/box", without)
    end
    outcome = in_folder(FILES) do |dir|
      run_program(dir, ZipBuilder.write("#{dir}/box.zip", BOX), with, entry)
    end
    assert_equal 0, control.status, control.to_s
    assert_match(/^"cannot load such file -- again"$/, control.stdout)
    assert_equal control.to_s, outcome.to_s
  end

  # The same archive, twice: the second time bootsnap's cache is warm.
  def run_program(dir, box, options, *entry)
    outcomes = Array.new(2) do
      RubyProcess.run(*options, "program.rb", box, *entry, env: environment(dir, false), chdir: dir)
    end
    assert_equal(*outcomes.map(&:to_s))
    outcomes.first.tap { |outcome| outcome.stdout.gsub!(box, "<box>") }
  end
end
