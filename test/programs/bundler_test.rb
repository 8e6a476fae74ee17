# frozen_string_literal: true

# Bundler sets up, requires and executes as it does without invfs.
require_relative "program_helper"

class BundlerTest < Minitest::Test
  include ProgramHelper

  FILES = {
    "Gemfile" => "gem 'near', path: 'near'\ngem 'far', path: 'far', require: false\n",
    "near/near.gemspec" => <<~RUBY,
      Gem::Specification.new("near", "1.0") do |s|
        s.summary = "near"
        s.authors = ["a test"]
        s.files = ["lib/near.rb"]
        s.bindir = "exe"
        s.executables = ["near"]
        s.add_runtime_dependency "far"
      end
    RUBY
    "near/lib/near.rb" => "require 'far'\nmodule Near\n  WHERE = [__FILE__, Far::WHERE]\nend\n",
    "near/exe/near" => "#!/usr/bin/env ruby\nrequire 'near'\nputs 'near: ' + Near::WHERE.inspect, ARGV.inspect\n",
    "far/far.gemspec" => "Gem::Specification.new('far', '2.0') { |s| s.summary = 'far'; s.authors = ['a test']; " \
                         "s.files = ['lib/far.rb'] }\n",
    "far/lib/far.rb" => "module Far\n  WHERE = __FILE__\nend\n",
    "program.rb" => <<~RUBY
      puts $:.grep(/near|far/), Gem.loaded_specs.keys.grep(/near|far/).sort
      p require("near"), require("far"), Near::WHERE
      begin
        require "minitest/autorun"
      rescue LoadError => e
        p e.class, e.message
      end
    RUBY
  }.freeze
  BUNDLE = ["-e", "load Gem.bin_path('bundler', 'bundle')", "--"].freeze
  INSTALL_AND_BUNDLE = [
    "-e", "system(RbConfig.ruby, *#{BUNDLE}, 'install', '--local', '--quiet', exception: true); #{BUNDLE[1]}", "--"
  ].freeze

  def setup
    need_gem "bundler", "bundler"
  end

  def test_bundler_setup
    assert_unchanged_by_invfs("-rbundler/setup", "program.rb", files: FILES, prints: %r{near/lib$.*LoadError}m)
  end

  def test_bundler_setup_before_invfs
    assert_unchanged_by_invfs("program.rb", before: ["-rbundler/setup"], files: FILES,
                              prints: %r{near/lib$.*LoadError}m)
  end

  def test_bundler_require
    assert_unchanged_by_invfs("-e", "require 'bundler'; Bundler.require; p Near::WHERE, defined?(Far)", files: FILES,
                              prints: %r{near/lib/near\.rb})
  end

  def test_bundle_exec_of_a_script
    assert_unchanged_by_invfs(*BUNDLE, "exec", RbConfig.ruby, "program.rb", files: FILES, by: :environment,
                              prints: %r{near/lib$.*LoadError}m)
  end

  def test_bundle_exec_of_a_program_of_a_gem
    assert_unchanged_by_invfs(*INSTALL_AND_BUNDLE, "exec", "near", "--flag", files: FILES, by: :environment,
                              prints: /^near: .*\n\["--flag"\]/)
  end

  def test_bundle_commands
    assert_unchanged_by_invfs(*BUNDLE, "install", "--local", files: FILES, prints: /Bundle complete!/)
    assert_unchanged_by_invfs(*BUNDLE, "list", files: FILES, prints: /near \(1\.0\)/)
  end

  def test_a_gem_that_is_not_there
    files = { "Gemfile" => "gem 'nowhere_to_be_found'\n" }
    assert_unchanged_by_invfs("-e", <<~RUBY, files: files, prints: /GemNotFound/)
      require "bundler"
      begin
        Bundler.setup
      rescue Bundler::BundlerError => e
        p e.class
      end
    RUBY
  end

  private

  # Installing also puts the programs of gems there.
  def environment(dir, invfs) = super.merge("GEM_HOME" => "#{dir}/gems")
end
