# frozen_string_literal: true

# Programs about files that are readable because a VFS is in `$:`. Each runs in its own process and directory, and makes
# its own assertions.
require_relative "../test_helper"
require "tmpdir"

module AdoptingSupport
  PRELUDE = <<~'RUBY'
    DIR = Dir.pwd
    def same(expected)
      got = begin
        yield
      rescue StandardError, ScriptError => e
        e.class
      end
      expected == got or abort("#{caller(1, 1)[0]}: expected #{expected.inspect}, got #{got.inspect}")
    end

    # What is at a path, by the bytes of a file that has it.
    def read(path) = File.read(path)
  RUBY

  def setup
    skip "mounts are for Linux" unless RUBY_PLATFORM.include?("linux")
    @dir = File.realpath(Dir.mktmpdir("invfs-adopting"))
  end

  def teardown
    FileUtils.rm_rf(@dir) if @dir
  end

  # Writes an archive of `files` (name => content) below the test's directory.
  def archive(name, files)
    FileUtils.mkdir_p(File.dirname("#{@dir}/#{name}"))
    ZipBuilder.write("#{@dir}/#{name}", files)
    "#{@dir}/#{name}"
  end

  # The program must come to its end, and say nothing.
  def assert_right(program, *options, handler: true, **env)
    invfs = handler ? RubyProcess::INVFS : ["-I#{RubyProcess::LIB}"]
    File.write("#{@dir}/program.rb", "#{PRELUDE}#{program}\nputs :right\n")
    outcome = RubyProcess.run(*invfs, *options, "program.rb", chdir: @dir, env: env.transform_keys(&:to_s))
    assert_equal ["right\n", "", 0], [outcome.stdout, outcome.stderr, outcome.status], outcome.to_s
  end
end
