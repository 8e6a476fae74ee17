# frozen_string_literal: true

# Gems that are installed into a folder of the test, projects that need them, and the command with these gems.
require_relative "cli_helper"
require "rubygems"

module ProjectHelper
  include CLIHelper

  # Installs a gem as RubyGems would, into the GEM_HOME of the test. files: name => content; extensions: compiled ones.
  def install_gem(name, version = "1.0", files = {}, needs: {}, executables: [], extensions: {}, platform: nil)
    files = { "lib/#{name}.rb" => "module #{name.capitalize}; VERSION = '#{version}'; FILE = __FILE__; end\n" }.merge(files)
    spec = Gem::Specification.new(name, version) do |gem|
      gem.summary, gem.authors, gem.files = name, ["me"], files.keys
      gem.bindir, gem.executables = "exe", executables
      gem.platform = platform if platform
      gem.extensions = ["ext/extconf.rb"] if extensions.any?
      needs.each { |needed, requirement| gem.add_runtime_dependency(needed, requirement) }
    end
    write(files, "home/gems/#{spec.full_name}")
    write({ "#{spec.full_name}.gemspec" => spec.to_ruby }, "home/specifications")
    return if extensions.empty?

    place = "home/extensions/#{Gem::Platform.local}/#{Gem.extension_api_version}/#{spec.full_name}"
    write({ "gem.build_complete" => "", "gem_make.out" => "x" }.merge(extensions), place)
  end

  def gemspec(name, needs: {}, files: "Dir['{lib,exe}/**/*']", more: "")
    <<~RUBY
      Gem::Specification.new do |s|
        s.name, s.version, s.summary, s.authors = #{name.dump}, "1.2", "x", ["me"]
        s.files = #{files}
        s.bindir, s.executables = "exe", Dir["exe/*"].map { |file| File.basename(file) }
        #{needs.map { |needed, what| "s.add_runtime_dependency #{needed.dump}, #{what.dump}" }.join("; ")}
        #{more}
      end
    RUBY
  end

  def home = { "GEM_HOME" => path("home"), "GEM_PATH" => nil, "XDG_STATE_HOME" => path("state") }

  def invfs(*arguments, env: {}, **options) = super(*arguments, env: home.merge(env), **options)

  # Packs what is at `what`, takes the project and the gems away, and runs the archive: without RubyGems, and with it.
  # Returns both outcomes.
  def pack_and_run(what, *options, run: [], arguments: [])
    packed = invfs("pack", what, "-o", "packed.zip", *options)
    assert_success packed
    @said = packed.stdout
    FileUtils.mv(path("home"), path("gone")) if File.exist?(path("home"))
    [%w[--disable=gems], []].map do |switches|
      RubyProcess.run("-w", *switches, EXE, "run", *run, "packed.zip", *arguments, chdir: @dir,
                      env: ENVIRONMENT.merge("XDG_STATE_HOME" => path("state"), "GEM_HOME" => path("none"), "GEM_PATH" => path("none")))
    end
  ensure
    FileUtils.mv(path("gone"), path("home")) if File.exist?(path("gone"))
  end

  def assert_runs(stdout, what, *options, **more)
    pack_and_run(what, *options, **more).each { |outcome| assert_success outcome, stdout }
  end

  def manifest(key, out = "packed.zip")
    InVFS.zip(path(out)).read(".invfs/app").lines(chomp: true).filter_map { |line| line[/\A#{key} (.*)/, 1] }
  end

  def need_bundler
    Gem::Specification.find_by_name("bundler")
  rescue Gem::MissingSpecError
    skip "there is no Bundler"
  end

  def need_bundle_command
    need_bundler
    skip "there is no bundle in PATH" unless system("bundle", "--version", out: File::NULL, err: File::NULL)
  end
end
