# frozen_string_literal: true

# The platform gem: its contents, and that it installs and runs on a machine without Rust. RUBIES=3.1,3.3 sets the
# Rubies that it is built for; by default only this one.
require_relative "packaging_helper"

class NativeGemTest < Minitest::Test
  include PackagingHelper

  MINORS = ENV.fetch("RUBIES", MINOR).split(/[\s,]+/).freeze

  def gem_file = PackagingHelper.built_by("gem:native", "RUBIES" => MINORS.join(","))

  def without_rust = { "PATH" => PackagingHelper.path_without_rust }

  def test_contains_a_library_for_each_ruby_and_no_sources
    libraries, rest = contents(gem_file).partition { |name| name.end_with?(LIBRARY) }
    assert_equal MINORS.sort.map { |minor| "lib/invfs/#{minor}/#{LIBRARY}" }, libraries.sort
    launcher = RUBY_PLATFORM.match?(/(x86_64|aarch64)-linux/) ? ["lib/invfs/invfs-launcher"] : []
    assert_equal launcher, rest - tracked - MADE, "files that git does not know"
    assert_empty rest.grep(%r{\Aext/|\Atest|\Abench|\Abin})
    assert_includes rest, "lib/invfs/native.rb"
  end

  def test_is_for_this_platform_and_has_nothing_to_compile
    spec = Gem::Package.new(gem_file).spec
    assert_empty spec.extensions
    libc = RbConfig::CONFIG["host_os"].include?("musl") ? "musl" : "gnu"
    skip "elsewhere the platform names no C library" unless Gem::Platform.local.os == "linux"
    # What is written there: RubyGems before 3.3.22 reads no C library.
    platform = "#{Gem::Platform.local.cpu}-linux-#{libc}"
    assert_equal platform, spec.original_platform.to_s
    assert_equal "invfs-1.0.0.dev-#{platform}.gem", File.basename(gem_file)
    refute spec.required_rubygems_version.satisfied_by?(Gem::Version.new("3.3.15"))
    assert spec.required_rubygems_version.satisfied_by?(Gem::Version.new("3.3.22"))
  end

  # The promise is in the gem: the oldest glibc that has all that the libraries ask for.
  def test_says_which_glibc_it_needs
    skip "only glibc has versions of symbols" unless gem_file.include?("linux-gnu")
    promise = Gem::Version.new(Gem::Package.new(gem_file).spec.metadata.fetch("glibc"))
    needed = "puts ARGV.flat_map { |path| InVFS.shared_object_needs(File.binread(path)).last }"
    outcome = RubyProcess.run(*RubyProcess::INVFS, "-e", needed, *libraries_of(gem_file))
    versions = outcome.stdout.scan(/^GLIBC_(\d+(?:\.\d+)+)$/).flatten
    assert_equal promise, versions.map { |version| Gem::Version.new(version) }.max
    # What the C library and libgcc of Debian 12 make of it; with GLIBC=2.28 it is that.
    assert_operator promise, :<=, Gem::Version.new(ENV.fetch("GLIBC", "2.35"))
    here = IO.popen(%w[getconf GNU_LIBC_VERSION], &:read)[/[\d.]+/]
    assert_operator promise, :<=, Gem::Version.new(here)
  end

  def libraries_of(gem)
    directory = "#{PackagingHelper.scratch}/unpacked"
    Gem::Package.new(gem).extract_files(directory)
    Dir["#{directory}/lib/invfs/{*/#{LIBRARY},invfs-launcher}"]
  end

  # RubyGems that knows no C libraries would give it to every Linux, and so must refuse it.
  def test_old_rubygems_refuses_it
    skip "this RubyGems takes it" if Gem.rubygems_version >= Gem::Version.new("3.3.22")
    outcome = PackagingHelper.install(gem_file, "#{PackagingHelper.scratch}/refused")
    refute_equal 0, outcome.status
    assert_match(/requires RubyGems version >= 3\.3\.22/, outcome.to_s)
  end

  # As the release does with the libraries that other machines have built.
  def test_a_gem_of_given_libraries_for_another_platform
    directory = "#{PackagingHelper.scratch}/libraries"
    %w[3.3 4.0].each do |minor|
      FileUtils.mkdir_p("#{directory}/#{minor}")
      FileUtils.cp("#{ROOT}/lib/invfs/#{LIBRARY}", "#{directory}/#{minor}/invfs.so")
    end
    gem = PackagingHelper.built_by("gem:assemble", "PLATFORM" => "aarch64-linux-musl", "LIBRARIES" => directory)
    assert_equal "invfs-1.0.0.dev-aarch64-linux-musl.gem", File.basename(gem)
    assert_equal %w[lib/invfs/3.3/invfs.so lib/invfs/4.0/invfs.so], contents(gem).grep(/\.so\z/)
    requirement = Gem::Package.new(gem).spec.required_ruby_version
    assert_equal %w[3.3.0 4.0.1], %w[3.2.1 3.3.0 3.4.5 4.0.1 4.1.0].select { |version| requirement.satisfied_by?(Gem::Version.new(version)) }
  ensure
    FileUtils.rm_f(gem) if gem
  end

  def test_a_platform_without_its_c_library_is_refused
    error = assert_raises(RuntimeError) { PackagingHelper.built_by("gem:assemble", "PLATFORM" => "x86_64-linux", "LIBRARIES" => "/none") }
    assert_match(/names no C library/, error.message)
  end

  def test_is_for_just_the_rubies_that_it_has_libraries_for
    requirement = Gem::Package.new(gem_file).spec.required_ruby_version
    %w[3.0 3.1 3.2 3.3 3.4 4.0 4.1].each do |minor|
      %w[0 2 11].each do |patch|
        version = Gem::Version.new("#{minor}.#{patch}")
        assert_equal MINORS.include?(minor), requirement.satisfied_by?(version), version.to_s
      end
    end
  end

  def test_installs_and_runs_without_rust
    hidden = IO.popen(without_rust, ["sh", "-c", "command -v cargo rustc rustup; cargo --version; rustc --version"],
                      err: File::NULL, &:read)
    assert_empty hidden, "Rust is not hidden, so this test proves nothing"
    assert_runs_example PackagingHelper.installed(gem_file, without_rust), EXAMPLE, without_rust
  end

  def test_loads_the_library_of_this_ruby
    home = PackagingHelper.installed(gem_file, without_rust)
    outcome = run_with_gems(home, 'require "invfs"; puts $".grep(/invfs\.(so|bundle)$/)', without_rust)
    assert_equal Dir["#{File.realpath(home)}/gems/invfs-*/lib/invfs/#{MINOR}/#{LIBRARY}"], outcome.stdout.lines(chomp: true), outcome
  end

  def test_packs_a_program_with_ruby
    skip "packed programs have no launcher here" unless RUBY_PLATFORM.match?(/(x86_64|aarch64)-linux/)
    home = PackagingHelper.installed(gem_file, without_rust)
    Dir.mktmpdir do |dir|
      File.write("#{dir}/hello.rb", "puts 'hello'")
      pack = "require 'invfs/pack'; InVFS::Pack::Standalone.new('#{dir}/hello.rb').write('#{dir}/hello')"
      outcome = run_with_gems(home, pack, without_rust)
      assert_equal ["", 0], [outcome.stderr, outcome.status], outcome
      assert_equal "hello\n", IO.popen({ "GEM_HOME" => "/nowhere" }, ["#{dir}/hello"], &:read)
    end
  end

  def test_runs_on_the_other_rubies
    others = MINORS - [MINOR]
    skip "the gem is built for this Ruby only (RUBIES)" if others.empty?
    others.each { |minor| assert_equal "Hello, Ruby!\n", run_in_chroot(minor), "Ruby #{minor}" }
  end

  private

  def run_in_chroot(minor)
    run_installed(["#{ROOT}/bin/other-ruby", "run", minor], gem_file, "ruby#{minor}", "gem#{minor}")
  end
end
