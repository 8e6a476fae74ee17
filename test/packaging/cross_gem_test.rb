# frozen_string_literal: true

# The platform gems that are built here for other systems. Each takes minutes, so PLATFORMS="aarch64-linux-gnu
# x86_64-linux-gnu" says which; RUBIES=3.1,3.3 limits the Rubies.
require_relative "packaging_helper"
require_relative "../support/rake_tasks"
require "json"

class CrossGemTest < Minitest::Test
  include PackagingHelper

  TASKS = RakeTasks.from("pkg")
  # How the files of a processor are marked.
  MACHINES = { "x86_64" => 62, "aarch64" => 183 }.freeze
  PROMISE = Gem::Version.new("2.28")
  # What every system has. musl calls its only library libc.so.
  LIBRARIES = /\A(libc|ld-linux-x86-64|ld-linux-aarch64|libpthread|libdl|libm|librt)\.so(\.\d)?\z/

  # Calls the block with the name of each platform and the file of its gem.
  def each_gem
    platforms = ENV.fetch("PLATFORMS", "").split(/[\s,]+/)
    skip "PLATFORMS names no platform to build a gem for (aarch64-linux-gnu, x86_64-linux-gnu …)" if platforms.empty?
    platforms.each { |platform| yield platform, gem_for(platform) }
  end

  def gem_for(platform)
    PackagingHelper.built_by("gem:native", { "PLATFORM" => platform, "RUBIES" => ENV["RUBIES"] }.compact)
  rescue RuntimeError => e
    raise unless e.message.match?(/This machine has no|no library for any Ruby/)

    skip "#{platform} cannot be built here: #{e.message.lines.last}"
  end

  # The paths of the libraries and of the launcher of a gem.
  def binaries(gem)
    directory = "#{PackagingHelper.scratch}/#{File.basename(gem)}.unpacked"
    Gem::Package.new(gem).extract_files(directory) unless File.directory?(directory)
    Dir["#{directory}/lib/invfs/{*/invfs.so,invfs-launcher}"].sort
  end

  # What these files need: [[libraries, versions of symbols], …]
  def needs(paths)
    program = "print JSON.generate(ARGV.map { |path| InVFS.shared_object_needs(File.binread(path)) || [[], []] })"
    JSON.parse(RubyProcess.run(*RubyProcess::INVFS, "-rjson", "-e", program, *paths).stdout)
  end

  def test_names_and_contents
    each_gem do |platform, gem|
      assert_equal "invfs-1.0.0.dev-#{platform}.gem", File.basename(gem)
      spec = Gem::Package.new(gem).spec
      assert_empty spec.extensions
      refute spec.required_rubygems_version.satisfied_by?(Gem::Version.new("3.3.15"))
      minors = contents(gem).filter_map { |name| name[%r{\Alib/invfs/(\d+\.\d+)/invfs\.so\z}, 1] }
      refute_empty minors
      assert_equal platform.end_with?("-gnu"), contents(gem).include?("lib/invfs/invfs-launcher")
      %w[3.0 3.1 3.2 3.3 3.4 4.0 4.1].each do |minor|
        assert_equal minors.include?(minor), spec.required_ruby_version.satisfied_by?(Gem::Version.new("#{minor}.4")), minor
      end
    end
  end

  def test_everything_is_for_the_right_processor
    each_gem do |platform, gem|
      binaries(gem).each { |path| assert_equal MACHINES.fetch(platform[/\A[^-]+/]), File.binread(path, 2, 18).unpack1("S<"), path }
    end
  end

  # No symbol of a newer glibc, none for which no version is asked, and no library but those that each system has.
  def test_needs_nothing_newer_than_promised
    each_gem do |platform, gem|
      libraries, versions = needs(binaries(gem)).transpose.map(&:flatten)
      assert_empty libraries.grep_v(LIBRARIES), platform
      versions = versions.grep(/\AGLIBC_\d/).map { |version| Gem::Version.new(version.delete_prefix("GLIBC_")) }
      promised = Gem::Package.new(gem).spec.metadata["glibc"]
      next assert_equal([nil, []], [promised, versions], platform) if platform.end_with?("-musl")

      assert_equal Gem::Version.new(promised), versions.max, platform
      assert_operator versions.max, :<=, PROMISE, platform
      assert_empty binaries(gem).flat_map { |path| TASKS.loose_symbols(path) }, platform
    end
  end

  def test_runs_on_a_ruby_of_that_system
    each_gem do |platform, gem|
      case platform
      when Gem::Platform.new([Gem::Platform.local.cpu, "linux", "gnu"]).to_s
        next unless contents(gem).include?("lib/invfs/#{MINOR}/#{LIBRARY}")

        assert_runs_example PackagingHelper.installed(gem, "PATH" => PackagingHelper.path_without_rust)
      when "aarch64-linux-gnu"
        assert_equal "Hello, Ruby!\n", run_installed(["#{ROOT}/bin/aarch64-ruby", "run"], gem), platform
      when "x86_64-linux-musl"
        assert_equal "Hello, Ruby!\n", run_unpacked(gem, IO.popen(["#{ROOT}/bin/ruby-headers", platform, "3.1"], &:read).chomp), platform
      end
    end
  end

  private

  # Runs the README's first program with the Ruby in a folder, without RubyGems.
  def run_unpacked(gem, tree)
    lib = File.expand_path("../..", binaries(gem).first)
    Dir.mktmpdir do |directory|
      FileUtils.cp_r("#{ROOT}/examples/hello/lib/mybox", directory)
      system("zip", "-qr", "mybox.zip", "mybox", chdir: directory, exception: true)
      FileUtils.rm_r("#{directory}/mybox")
      IO.popen(RubyProcess::CLEAN, ["#{tree}/bin/ruby", "-I#{File.dirname(lib)}", "-e", EXAMPLE], chdir: directory, &:read)
    end
  end
end
