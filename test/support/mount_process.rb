# frozen_string_literal: true

# Runs programs next to a mounted archive, each in its own process, because they may crash it.
require "fiddle"
require "fileutils"
require "tmpdir"
require_relative "native_build"
require_relative "ruby_process"
require_relative "zip_builder"

module MountProcess
  PRELUDE = File.expand_path("mount_prelude.rb", __dir__)
  # The promised numbers, instead of smaller ones that reveal a mistake as well in less time.
  FULL = ENV["INVFS_STRESS"] == "1"

  FILES = 100
  LINKS = { "in" => "hello.txt", "din" => "d", "up" => "../real.txt", "absolute" => "/etc/passwd", "loop" => "loop" }.freeze

  module_function

  # The archive that the programs mount. Built once.
  def archive
    @archive ||= begin
      directory = Dir.mktmpdir("invfs-mount-process")
      Minitest.after_run { FileUtils.rm_rf(directory) }
      # Another user may need to read it.
      File.chmod(0o755, directory)
      "#{directory}/archive.zip".tap { |path| File.binwrite(path, bytes) }
    end
  end

  def bytes
    ZipBuilder.build do |zip|
      zip.add "hello.txt", "hello\n"
      FILES.times { |index| zip.add "f/#{index}.txt", "file #{index}\n" * (index + 1), deflate: true }
      { "d/one.txt" => "1", "d/two.txt" => "2", "d/sub/three.txt" => "3" }.each { |name, content| zip.add name, content }
      zip.add "bin/script", "#!/bin/sh\necho \"script $1\"\ncat\n", mode: 0o100755
      zip.add "bin/echo", File.binread("/bin/echo"), mode: 0o100755
      LINKS.each { |name, target| zip.add name, target, symlink: true }
    end
  end

  # Runs the program and returns how it ended. `arguments` reach it as ARGV.
  def run(program, *arguments, env: {}, options: [])
    Dir.mktmpdir("invfs-mount") do |directory|
      File.chmod(0o755, directory)
      File.write("#{directory}/real.txt", "real\n")
      env = { "MOUNT_DIRECTORY" => File.realpath(directory), "MOUNT_ARCHIVE" => archive, **env }
      RubyProcess.run(*RubyProcess.without_decorators, *options, *RubyProcess::INVFS, "-r", PRELUDE, "-e", program,
                      *arguments, env: env, chdir: "/")
    end
  end

  # Methods for test classes that include this.
  module Assertions
    def setup
      skip "mounts are for Linux" unless RUBY_PLATFORM.include?("linux")
    end

    # The program prints exactly this and succeeds.
    def assert_prints(expected, program, *arguments, **options)
      outcome = MountProcess.run(program, *arguments, **options)
      skip outcome.stdout.delete_prefix("skip: ").chomp if outcome.stdout.start_with?("skip: ")
      assert_equal [expected, 0], [outcome.stdout, outcome.status], outcome.to_s
      assert_empty outcome.stderr.lines.grep_v(/experimental/), outcome.to_s
    end

    # The program finds no fault.
    def assert_right(program, *arguments, **options)
      assert_prints("right\n", "#{program}\nputs :right", *arguments, **options)
    end

    def only_as_root
      skip "this takes root" unless Process.uid.zero?
    end

    def needs_a_compiler
      skip NativeBuild.unavailable if NativeBuild.unavailable
    end

    # Not every C library has all of them.
    def needs_functions(*names)
      missing = names.find { |name| !has_function?(name) }
      skip "this C library has no #{missing}" if missing
    end

    # A shared library of this C code; its path.
    def compiled(directory, name, source, *options)
      needs_a_compiler
      File.write("#{directory}/#{name}.c", source)
      built = system(*NativeBuild.compiler, "-shared", "-fPIC", "-o", "#{directory}/#{name}.so", "#{directory}/#{name}.c",
                     *options, "-ldl", err: File::NULL)
      skip "it cannot be compiled" unless built
      "#{directory}/#{name}.so"
    end

    private

    def has_function?(name)
      Fiddle::Handle::DEFAULT[name]
    rescue Fiddle::DLError
      false
    end
  end
end
