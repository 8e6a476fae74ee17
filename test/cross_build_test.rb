# frozen_string_literal: true

# How libraries are built for other systems: what cargo is told, and what the scripts say that fetch Rubies for those.
# Whole builds: test/packaging/cross_gem_test.rb.
require_relative "test_helper"
require_relative "support/native_build"
require_relative "support/rake_tasks"
require "fileutils"
require "open3"
require "tmpdir"

class CrossBuildTest < Minitest::Test
  ROOT = RubyProcess::PROJECT
  TASKS = RakeTasks.from("pkg", "compile", "cross", "aarch64")

  # The beginning of the file of a Ruby for another system.
  CONFIG = <<~'RUBY'
    module RbConfig
      RUBY_VERSION.start_with?("9.9.") or
        raise "ruby lib version (9.9.1) doesn't match executable version (#{RUBY_VERSION})"

      TOPDIR = File.dirname(__FILE__).chomp!("/lib/aarch64-linux-gnu/ruby/9.9.0")
      CONFIG = { "MAJOR" => "9", "arch" => "aarch64-linux-gnu", "rubyhdrdir" => "#{TOPDIR}/include/ruby-9.9.0" }
    end
  RUBY

  # What rb-sys asks RUBY for.
  QUESTION = ["--disable-gems", "-rrbconfig", "-e", 'print RbConfig::CONFIG.values_at("MAJOR", "arch", "rubyhdrdir").join("|")'].freeze

  def test_the_configuration_of_a_ruby_that_does_not_run_here
    Dir.mktmpdir("invfs cross") do |directory|
      # A Debian between two releases has another Ruby as well.
      { "9.8" => "raise", "9.9" => CONFIG }.each do |minor, config|
        place = "#{directory}/tree/usr/lib/aarch64-linux-gnu/ruby/#{minor}.0"
        FileUtils.mkdir_p(place)
        File.write("#{place}/rbconfig.rb", config)
      end
      ruby = TASKS.foreign_ruby("#{directory}/tree", "9.9", "#{directory}/made")
      said, status = Open3.capture2e(ruby, *QUESTION)
      assert_equal ["9|aarch64-linux-gnu|#{directory}/tree/usr/include/ruby-9.9.0", true], [said, status.success?]
    end
  end

  # Debian has it at another place.
  def test_the_configuration_of_a_ruby_that_was_built_from_source
    Dir.mktmpdir do |tree|
      place = "#{tree}/lib/ruby/9.9.0/aarch64-linux-gnu"
      FileUtils.mkdir_p(place)
      File.write("#{place}/rbconfig.rb", CONFIG.sub("/lib/aarch64-linux-gnu/ruby/9.9.0", "/lib/ruby/9.9.0/aarch64-linux-gnu"))
      said, = Open3.capture2e(TASKS.foreign_ruby(tree, "9.9", "#{tree}/made"), *QUESTION)
      assert_equal "9|aarch64-linux-gnu|#{tree}/include/ruby-9.9.0", said
    end
  end

  def test_a_folder_without_a_ruby
    Dir.mktmpdir do |directory|
      _, said = capture_io { assert_raises(SystemExit) { TASKS.foreign_ruby(directory, "9.9", "#{directory}/made") } }
      assert_equal "#{directory} has no rbconfig.rb of Ruby 9.9\n", said
    end
  end

  def test_where_libclang_looks_for_headers
    assert_equal({ "BINDGEN_EXTRA_CLANG_ARGS_aarch64_unknown_linux_gnu" => "-isystem /t/usr/include/aarch64-linux-gnu -isystem /t/usr/include" },
                 TASKS.header_flags("aarch64-linux-gnu", "/t"))
    assert_equal({ "BINDGEN_EXTRA_CLANG_ARGS_x86_64_unknown_linux_musl" => "-isystem /usr/include/x86_64-linux-musl" },
                 TASKS.header_flags("x86_64-linux-musl", "/t"))
  end

  def test_an_unknown_platform
    _, said = capture_io { assert_raises(SystemExit) { TASKS.system_for("x86_64-linux") } }
    assert_match(/\APLATFORM: x86_64-linux unknown; there are x86_64-linux-gnu, aarch64-linux-gnu, /, said)
  end

  def test_the_versions_that_a_library_needs
    skip NativeBuild.unavailable if NativeBuild.unavailable
    skip "nm is not there" unless system("nm", "--version", out: File::NULL, err: File::NULL)
    skip "only glibc has versions of symbols" if RbConfig::CONFIG["host_os"].include?("musl")
    Tempfile.create("invfs-versions") do |file|
      file.binmode.write(NativeBuild.code("char *getenv(const char *); int getentropy(void *, unsigned long);\n" \
                                          "int f(void) { return getentropy(0, 0) + *getenv(\"x\"); }\n"))
      file.flush
      needs = TASKS.needed_versions(file.path)
      assert_equal %w[getentropy], needs["GLIBC_2.25"]
      assert_includes needs.values.flatten, "getenv"
      assert_equal needs.keys.last.delete_prefix("GLIBC_"), TASKS.needed_glibc([file.path])
    end
  end

  def test_the_files_that_run_on_aarch64_are_those_of_the_page
    files = TASKS::AARCH64_TESTS
    assert_empty files.reject { |file| File.file?("#{ROOT}/#{file}") }
    listed = File.read("#{ROOT}/docs/compatibility.md")[/^\* AArch64: .*?The files: (.*?)\. On/m, 1].scan(/`([^`]+)`/).flatten
    assert_equal files, listed.map { |name| "test/#{name}_test.rb" }
  end

  # The scripts say at once what no machine can do, and end with 69.
  def test_rubies_that_nobody_has
    { %w[ruby-headers aarch64-linux-gnu 3.2] => "no Debian release has Ruby 3.2",
      %w[ruby-headers x86_64-linux-gnu 4.0] => "no Debian release has Ruby 4.0",
      %w[ruby-headers x86_64-linux-musl 3.3] => "there is no Ruby 3.3 for x86_64-linux-musl",
      %w[ruby-headers aarch64-linux-musl 3.1] => "there is no Ruby for aarch64-linux-musl" }.each do |(script, *arguments), expected|
      stdout, stderr, status = Open3.capture3("#{ROOT}/bin/#{script}", *arguments)
      assert_equal ["", 69], [stdout, status.exitstatus], stderr
      assert_includes stderr, expected
    end
  end

  def test_wrong_arguments_are_told_the_right_ones
    [%w[ruby-headers], %w[ruby-headers sparc 3.1], %w[ruby-headers aarch64-linux-gnu 2.7], %w[aarch64-ruby run], %w[aarch64-ruby 3.1],
     %w[cross-rust x], %w[debian-tree /nowhere]].each do |script, *arguments|
      stdout, stderr, status = Open3.capture3("#{ROOT}/bin/#{script}", *arguments)
      assert_equal ["", 2], [stdout, status.exitstatus], "#{script} #{arguments} #{stderr}"
      assert_includes stderr, "bin/#{script}"
    end
  end

  # Without the right to install anything, or on another system.
  def test_a_machine_that_cannot
    Dir.mktmpdir do |bin|
      %w[bash env cat cut dirname realpath uname id sh awk].each do |name|
        path = ENV.fetch("PATH").split(File::PATH_SEPARATOR).map { |dir| "#{dir}/#{name}" }.find { |file| File.executable?(file) }
        File.symlink(path, "#{bin}/#{name}")
      end
      [%w[debian-tree] + ["#{bin}/tree", "bookworm", "arm64", "ruby"], %w[aarch64-ruby], %w[ruby-headers aarch64-linux-gnu 3.1]].each do |script, *arguments|
        _, stderr, status = Open3.capture3({ "PATH" => bin, "INVFS_RUBIES" => "#{bin}/rubies" }, "#{ROOT}/bin/#{script}", *arguments)
        assert_equal 69, status.exitstatus, "#{script}: #{stderr}"
      end
    end
  end
end
