# frozen_string_literal: true

# Loaded first by the tests of the gems: builds them once, installs them, and runs Ruby with nothing else.
require "minitest/autorun"
require "fileutils"
require "rbconfig"
require "rubygems/package"
require "tmpdir"
require_relative "../support/ruby_process"
require_relative "../support/zip_builder"

# Included by the test classes in this folder.
module PackagingHelper
  ROOT = RubyProcess::PROJECT
  MINOR = RUBY_VERSION[/\A\d+\.\d+/]
  LIBRARY = "invfs.#{RbConfig::CONFIG["DLEXT"]}".freeze
  # What rake makes for the gems, and git does not know.
  MADE = %w[man/invfs.1 api/invfs.rb].freeze

  EXAMPLE = <<~RUBY
    require "invfs/zip"
    $: << InVFS.zip("mybox.zip")
    require "mybox/core"
    MyBox.sayhello!
  RUBY

  # The folder where what the tests make lies until they end.
  def self.scratch
    @scratch ||= Dir.mktmpdir("invfs-packaging").tap { |dir| Minitest.after_run { FileUtils.rm_rf(dir) } }
  end

  # The path of the gem that a rake task builds; each task runs once with the same environment.
  def self.built_by(task, env = {})
    @built ||= {}
    @built[[task, env]] ||= begin
      output = IO.popen(RubyProcess::CLEAN.merge(env), [RbConfig.ruby, "-S", "rake", task],
                        err: %i[child out], chdir: ROOT, &:read)
      path = output[%r{^pkg/.*\.gem$}]
      raise "rake #{task} failed:\n#{output}" unless path

      "#{ROOT}/#{path}"
    end
  end

  # Where a gem is installed, in an empty GEM_HOME; each gem is installed once.
  def self.installed(gem, env = {})
    @installed ||= {}
    @installed[gem] ||= begin
      home = "#{scratch}/home-#{@installed.size}"
      # A platform gem is not for old RubyGems; its libraries are tested all the same.
      outcome = install(gem, home, env, *("--force" if gem.include?("-linux-")))
      raise "gem install failed:\n#{outcome}" unless outcome.status.zero?

      home
    end
  end

  # `gem install --local` of a file. Returns the Outcome.
  def self.install(gem, home, env = {}, *options)
    RubyProcess.run("-rrubygems/gem_runner", "-e", "Gem::GemRunner.new.run(ARGV.dup)", "--",
                    "install", "--local", "--no-document", *options, "--install-dir", home, gem,
                    env: only(home).merge(env), seconds: 1200)
  end

  # The environment in which RubyGems knows just this GEM_HOME.
  def self.only(home)
    { "GEM_HOME" => home, "GEM_PATH" => home, "HOME" => ENV.fetch("HOME", scratch) }
  end

  # A PATH with every program of this machine but those of Rust.
  def self.path_without_rust
    @path_without_rust ||= "#{scratch}/bin".tap do |bin|
      FileUtils.mkdir_p(bin)
      ENV["PATH"].split(File::PATH_SEPARATOR).select { |dir| File.directory?(dir) }.each do |dir|
        (Dir.children(dir) - Dir.children(bin)).grep_v(/cargo|rust/).each do |name|
          File.symlink(File.expand_path(name, dir), "#{bin}/#{name}")
        end
      end
    end
  end

  # Runs the README's first program, or another, in a folder that holds mybox.zip, with the gems of `home` only.
  def run_with_gems(home, program = EXAMPLE, env = {})
    Dir.mktmpdir do |dir|
      files = %w[mybox/core.rb mybox/greeting.rb].flat_map do |name|
        text = File.read("#{ROOT}/examples/hello/lib/#{name}")
        [[name, text], ["lib/#{name}", text]]
      end
      ZipBuilder.write("#{dir}/mybox.zip", files)
      RubyProcess.run("-e", program, chdir: dir, env: PackagingHelper.only(home).merge(env))
    end
  end

  def assert_runs_example(home, program = EXAMPLE, env = {})
    outcome = run_with_gems(home, program, env)
    assert_equal ["Hello, Ruby!\n", "", 0], [outcome.stdout, outcome.stderr, outcome.status]
  end

  # Installs a gem elsewhere, where `prefix` runs commands and the checkout is at /src, and runs the README's first program
  # there. Rust must not be in PATH there. Returns what the program prints.
  def run_installed(prefix, gem, ruby = "ruby", command = "gem")
    script = <<~SHELL
      set -e
      PATH=/usr/bin:/bin
      if command -v cargo rustc >&2; then exit 1; fi
      export GEM_HOME=$(mktemp -d)
      trap 'rm -rf "$GEM_HOME"' EXIT
      #{ruby} -S #{command} install --local --force --no-document pkg/#{File.basename(gem)} >&2
      cd "$GEM_HOME"
      cp -r /src/examples/hello/lib/mybox .
      zip -qr mybox.zip mybox
      rm -r mybox
      #{ruby} -e '#{EXAMPLE}'
    SHELL
    IO.popen([*prefix, "sh", "-c", script], chdir: ROOT, &:read)
  end

  # What the gem file holds, by its own list and by its contents.
  def contents(gem)
    package = Gem::Package.new(gem)
    assert_equal package.spec.files.sort, package.contents.sort
    package.contents.sort
  end

  # The files of the project: what git knows, where this is a checkout.
  def tracked
    files = IO.popen(%w[git ls-files], chdir: ROOT, err: File::NULL, &:readlines).map(&:chomp)
    skip "this is no git checkout" if files.empty?
    files
  end
end
