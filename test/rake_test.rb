# frozen_string_literal: true

# What the rake tasks for gems decide: for which Rubies and platforms a gem is.
require_relative "test_helper"
require_relative "support/native_build"
require_relative "support/rake_tasks"
require "tempfile"

class RakeTest < Minitest::Test
  TASKS = RakeTasks.from("pkg", "compile")
  RELEASES = %w[3.0 3.1 3.2 3.3 3.4 4.0 4.1].flat_map { |minor| %w[0 2 11 20].map { |patch| "#{minor}.#{patch}" } }.freeze

  def test_the_gem_is_for_just_the_rubies_that_it_has_libraries_for
    [%w[3.1], %w[4.0], %w[3.1 3.3 3.4], %w[3.3 3.4 4.0], %w[3.1 4.0], %w[3.1 3.2 3.3 3.4 4.0]].each do |minors|
      requirement = Gem::Requirement.new(TASKS.ruby_requirement(minors))
      RELEASES.each do |release|
        expected = minors.include?(release[/\A\d+\.\d+/])
        assert_equal expected, requirement.satisfied_by?(Gem::Version.new(release)), "#{release}, built for #{minors}"
      end
    end
  end

  def test_a_preview_of_the_next_ruby_takes_the_source_gem
    requirement = Gem::Requirement.new(TASKS.ruby_requirement(%w[3.4 4.0]))
    refute requirement.satisfied_by?(Gem::Version.new("4.1.0.preview1"))
  end

  def test_the_platform_names_the_c_library
    { %w[x86_64-linux-gnu linux-gnu] => "x86_64-linux-gnu", %w[x86_64-linux linux] => "x86_64-linux-gnu",
      %w[x86_64-linux-musl linux-musl] => "x86_64-linux-musl", %w[aarch64-linux linux-gnu] => "aarch64-linux-gnu",
      %w[aarch64-linux-musl linux-musl] => "aarch64-linux-musl", %w[arm64-darwin23 darwin23] => "arm64-darwin",
      %w[x64-mingw-ucrt mingw32] => "x64-mingw-ucrt" }.each do |(arch, host_os), platform|
      assert_equal platform, TASKS.gem_platform({ "arch" => arch, "host_os" => host_os }).to_s
    end
  end

  def test_what_cargo_calls_the_library
    { %w[linux-gnu so] => "libinvfs.so", %w[darwin23 dylib] => "libinvfs.dylib", %w[mingw32 dll] => "invfs.dll",
      %w[mswin64 dll] => "invfs.dll" }.each do |(host_os, extension), name|
      assert_equal name, TASKS.cargo_library({ "host_os" => host_os, "SOEXT" => extension })
    end
  end

  def test_symbols_of_no_version
    skip NativeBuild.unavailable if NativeBuild.unavailable
    skip "nm is not there" unless system("nm", "--version", out: File::NULL, err: File::NULL)
    Tempfile.create("invfs-symbols") do |file|
      source = "int anywhere(void); int rb_anything(void); __attribute__((weak)) int perhaps(void); char *getenv(const char *);\n" \
               "int f(void) { return anywhere() + rb_anything() + (perhaps ? perhaps() : 0) + *getenv(\"x\"); }\n"
      file.binmode.write(NativeBuild.code(source))
      file.flush
      assert_equal %w[anywhere], TASKS.loose_symbols(file.path) - %w[getenv]
    end
  end

  def test_the_extension_agrees
    text = File.read("#{RubyProcess::PROJECT}/ext/invfs/extconf.rb")
    assert_includes text, 'match?(/mswin|mingw/) ? "invfs.dll" : "libinvfs.#{CONFIG["SOEXT"]}"'
  end
end
