# frozen_string_literal: true

# `bundle invfs`: Bundler finds the executable, and the project is packed from any directory inside.
require_relative "project_helper"

class BundleTest < Minitest::Test
  include ProjectHelper

  def setup
    super
    need_bundle_command
    install_gem("leaf")
    write({ "Gemfile" => "source 'https://rubygems.org'\ngem 'leaf'\n", "main.rb" => "require 'leaf'; puts Leaf::VERSION", "lib/deep/x.rb" => "" }, "shop")
  end

  # The lines that the command itself writes to stderr: Debian's for Ruby 3.4 does not fit its RubyGems, and warns.
  OWN_WARNINGS = Hash.new { |known, env| known[env] = Open3.capture3(env, "bundle", "--version")[1].lines }

  def bundle(*arguments, directory: "shop", env: {})
    env = RubyProcess::CLEAN.merge(home, "PATH" => "#{File.dirname(EXE)}:#{ENV["PATH"]}", "BUNDLE_SILENCE_ROOT_WARNING" => "1").merge(env)
    out, err, status = Open3.capture3(env, "bundle", *arguments, chdir: path(directory))
    RubyProcess::Outcome.new(stdout: out, stderr: (err.lines - OWN_WARNINGS[env.slice("PATH")]).join, status: status.exitstatus)
  end

  def test_it_packs_the_project
    { "shop" => "shop/shop.zip", "shop/lib/deep" => "shop/lib/deep/shop.zip" }.each do |directory, archive|
      assert_success bundle("invfs", directory: directory), /shop is a project with a bundle \(Gemfile\)\n1 gem .*: leaf-1\.0\nshop\.zip: /
      assert_success invfs("run", archive), "1.0\n"
    end
  end

  def test_options
    assert_success bundle("invfs", "-q", "-o", "../other.zip", "--bundler", "--compile"), ""
    assert_equal %w[bundler], manifest("start", "other.zip")
    assert_match(/\AUsage: bundle invfs \[options\]\n.* -o, --output FILE/m, bundle("invfs", "-h").stdout)
    assert_failure bundle("invfs", "there"), 2, /no argument, not there; see bundle invfs --help/
    assert_failure bundle("invfs", "--nonsense"), 2, /invalid option: --nonsense; see bundle invfs --help/
  end

  def test_the_gemfile_that_was_chosen
    write({ "special.gemfile" => "source 'https://rubygems.org'\n", "main.rb" => "puts 'special'" }, "elsewhere")
    assert_success bundle("invfs", env: { "BUNDLE_GEMFILE" => path("elsewhere/special.gemfile") }), /bundle \(special\.gemfile\)\nelsewhere\.zip: /
    assert_success invfs("run", "shop/elsewhere.zip"), "special\n"
  end

  def test_no_gemfile
    Dir.mkdir(path("empty"))
    outcome = RubyProcess.run("#{File.dirname(EXE)}/bundler-invfs", chdir: path("empty"))
    assert_failure outcome, 2, /there is no Gemfile in .*empty, nor in a directory above it/
  end
end
