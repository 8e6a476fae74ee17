# frozen_string_literal: true

# RubyGems works as without invfs, although the require of invfs comes before its own.
require_relative "program_helper"
require "rubygems/package"
require "rubygems/installer"

class RubygemsTest < Minitest::Test
  include ProgramHelper

  GEM = ["-e", 'require "rubygems/gem_runner"; Gem::GemRunner.new.run(ARGV.dup)', "--"].freeze
  SHOW = "puts Gem.loaded_specs.values.map(&:full_name).grep(/late|found/).sort"

  # Two versions of one gem, and one that depends on it, in a GEM_HOME that all tests share.
  def self.gem_home
    @gem_home ||= Dir.mktmpdir("invfs-gems").tap do |home|
      Minitest.after_run { FileUtils.rm_rf(home) }
      install(home, "late", "1.0")
      install(home, "late", "2.0")
      install(home, "founder", "1.0") { |spec| spec.add_runtime_dependency("late", "~> 1.0") }
      # Newer than the one that is part of Ruby.
      install(home, "optparse", "99.0")
    end
  end

  def self.install(home, name, version)
    Dir.mktmpdir do |dir|
      FileUtils.mkdir_p("#{dir}/lib")
      File.write("#{dir}/lib/#{name}.rb", "#{name.upcase}_VERSION = #{version.dump}\n")
      spec = Gem::Specification.new(name, version) do |s|
        s.summary = name
        s.authors = ["a test"]
        s.files = ["lib/#{name}.rb"]
        yield s if block_given?
      end
      package = Dir.chdir(dir) { Gem::DefaultUserInteraction.use_ui(Gem::SilentUI.new) { Gem::Package.build(spec) } }
      Gem::Installer.at("#{dir}/#{package}", install_dir: home, force: true, document: []).install
    end
  end

  def assert_with_gems(program, **options)
    home = self.class.gem_home
    assert_unchanged_by_invfs("-e", program, env: { "GEM_HOME" => home, "GEM_PATH" => home }, **options)
  end

  def test_gem_list
    home = self.class.gem_home
    assert_unchanged_by_invfs(*GEM, "list", "--local", prints: /^late \(2\.0, 1\.0\)$/,
                              env: { "GEM_HOME" => home, "GEM_PATH" => home })
  end

  def test_gem_which_and_contents
    home = self.class.gem_home
    %w[which contents].each do |command|
      assert_unchanged_by_invfs(*GEM, command, "late", prints: %r{late-2\.0/lib/late\.rb$},
                                env: { "GEM_HOME" => home, "GEM_PATH" => home })
    end
  end

  def test_require_activates_a_gem
    assert_with_gems("p require('late'), LATE_VERSION, require('late'); #{SHOW}", prints: /^late-2\.0$/)
  end

  def test_require_activates_what_a_gem_depends_on
    assert_with_gems("p require('founder'), require('late'), LATE_VERSION; #{SHOW}", prints: /^"1\.0"\nfounder/)
  end

  def test_gem_method_chooses_the_version
    assert_with_gems("p gem('late', '1.0'), require('late'), LATE_VERSION; #{SHOW}", prints: /^late-1\.0$/)
  end

  def test_every_way_to_call_require
    assert_with_gems(<<~RUBY, prints: /^true\nfalse\nfalse$/)
      # This one goes past RubyGems in some versions.
      begin
        p Kernel.require("founder")
      rescue LoadError => e
        p e.message
      end
      p Object.new.send(:require, "late"), method(:require).call("late"), send(:require, "late")
    RUBY
  end

  def test_conflicting_versions
    assert_with_gems(<<~RUBY, prints: /\AGem::LoadError\n"can't activate/)
      require "late"
      begin
        gem "late", "1.0"
      rescue LoadError => e
        p e.class, e.message
      end
    RUBY
  end

  def test_what_is_missing
    assert_with_gems(<<~RUBY, prints: /cannot load such file -- nowhere_to_be_found/)
      begin
        require "nowhere_to_be_found"
      rescue LoadError => e
        p e.class, e.message, e.path
      end
      begin
        gem "nowhere_to_be_found"
      rescue LoadError => e
        p e.class, e.message
      end
    RUBY
  end

  def test_a_newer_version_of_a_default_gem
    assert_with_gems("p require('optparse'), OPTPARSE_VERSION", prints: /"99\.0"/)
  end

  def test_try_activate_through_autoload
    assert_with_gems("autoload :LATE_VERSION, 'late'; p LATE_VERSION; #{SHOW}", prints: /^late-2\.0$/)
  end

  def test_without_rubygems
    assert_unchanged_by_invfs("--disable-gems", "-e", <<~RUBY, prints: /\Atrue\nfalse\n"cannot load/)
      p require("optparse"), require("optparse")
      begin
        require "late"
      rescue LoadError => e
        p e.message
      end
    RUBY
  end
end
