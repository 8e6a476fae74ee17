# frozen_string_literal: true

# What bin/setup finds missing, and what it prints if it may not install it.
require "minitest/autorun"
require "fileutils"
require "open3"
require "tmpdir"
require_relative "support/ruby_process"

class SetupTest < Minitest::Test
  TOOLS = %w[awk bash cat cut dirname env getconf grep head od paste sed sort tr uname].freeze
  ELF = "\x7FELF#{[0].pack("j").bytesize == 8 ? "\2" : "\1"}".b.freeze
  OTHER_ELF = "\x7FELF#{[0].pack("j").bytesize == 8 ? "\1" : "\2"}".b.freeze

  def setup
    skip "bin/setup installs on Linux only" unless RUBY_PLATFORM.include?("linux")
    @directory = Dir.mktmpdir("invfs-setup")
  end

  def teardown
    FileUtils.rm_rf(@directory) if @directory
  end

  def test_who_may_not_install_is_told_what_to_install_and_nothing_else
    stdout, stderr, status = run_setup(libclang("libclang.so.1" => ELF))
    assert_equal ["", 1], [stdout, status.exitstatus], stderr
    assert_match(%r{\Abin/setup: run this as root:  apt-get install build-essential .*\bruby-dev\b.*\n\z}, stderr)
    refute_includes stderr, "libclang"
  end

  def test_takes_what_the_build_takes_for_libclang
    %w[libclang.so libclang-14.so libclang.so.1 libclang-14.so.1 libclang-14.so.14.0.6].each do |name|
      folder = libclang(name => ELF)
      [folder, "#{folder}/#{name}"].each { |path| assert_includes run_setup(path)[1], "run this as root", path }
    end
  end

  def test_takes_nothing_else_for_libclang
    [{ "libclang-cpp.so.14" => ELF }, { "libclang-cpp.so" => ELF }, { "libclang.a" => ELF }, { "libclang.so" => "text" },
     { "libclang.so" => OTHER_ELF }, {}].each do |files|
      folder = libclang(files)
      File.symlink("gone", "#{folder}/libclang-15.so")
      [folder, *files.keys.map { |name| "#{folder}/#{name}" }].each do |path|
        stdout, stderr, status = run_setup(path)
        assert_equal ["", 1], [stdout, status.exitstatus], stderr
        assert_match(%r{\Abin/setup: LIBCLANG_PATH is set, .* none in "#{Regexp.escape(path)}"\n\z}, stderr)
      end
    end
  end

  # A library that is asked for by loading it does what it does: sinatra starts a server, and the build waits for ever.
  def test_loads_no_library_to_find_it
    bin = Dir.mktmpdir(nil, @directory)
    File.symlink(RbConfig.ruby, "#{bin}/ruby")
    library = Dir.mktmpdir(nil, @directory)
    %w[sinatra minitest].each { |name| File.write("#{library}/#{name}.rb", "File.write(#{"#{library}/loaded".dump}, '')") }
    _, stderr, = run_setup(libclang("libclang.so.1" => ELF), "PATH" => bin, "RUBYLIB" => library)
    refute_path_exists "#{library}/loaded"
    refute_match(/ruby-sinatra|ruby-minitest/, stderr)
    assert_includes stderr, "apt-get install"
  end

  private

  def libclang(files)
    Dir.mktmpdir(nil, @directory).tap do |folder|
      files.each { |name, start| File.binwrite("#{folder}/#{name}", start.ljust(64, "\0")) }
    end
  end

  # Runs it as somebody who is not root and has no sudo, and no compiler and, unless +more+ says so, no Ruby.
  def run_setup(libclang, more = {})
    bin = Dir.mktmpdir(nil, @directory)
    TOOLS.each { |tool| File.symlink(Open3.capture2("sh", "-c", "command -v \"$0\"", tool)[0].chomp, "#{bin}/#{tool}") }
    { "id" => "echo 1000", "apt-get" => "exit 1" }.each do |name, script|
      File.write("#{bin}/#{name}", "#!/bin/sh\n#{script}\n", perm: 0o755)
    end
    path = [bin, *more["PATH"]].join(":")
    Open3.capture3({ "LIBCLANG_PATH" => libclang, **more, "PATH" => path }, "#{RubyProcess::PROJECT}/bin/setup")
  end
end
