# frozen_string_literal: true

# Starts Ruby processes for tests, plain or with invfs, and describes how they ended.
require "open3"
require "rbconfig"
require "timeout"

module RubyProcess
  PROJECT = File.expand_path("../..", __dir__)
  LIB = File.join(PROJECT, "lib")
  INVFS = ["-I#{LIB}", "-rinvfs/zip"].freeze

  # Only stops a hang; it measures nothing.
  HANG = 120

  # The environment of the test run must not leak into the programs.
  CLEAN = %w[RUBYOPT RUBYLIB BUNDLE_GEMFILE BUNDLE_BIN_PATH RUBYGEMS_GEMDEPS RUBY_REQUIRE_INVFS_MAX_LOADSIZE
             RUBY_INVFS_TRANSPARENT]
          .to_h { |name| [name, nil] }.merge("LC_ALL" => "C.UTF-8").freeze

  # These rewrite error messages with source that they find on disk, which no VFS can offer.
  DECORATORS = %w[did_you_mean error_highlight syntax_suggest].freeze

  Outcome = Struct.new(:stdout, :stderr, :status, keyword_init: true) do
    def to_s
      "status: #{status.inspect}\n--- stdout\n#{stdout}--- stderr\n#{stderr}"
    end
  end

  module_function

  def without_decorators
    DECORATORS.select { |name| name != "syntax_suggest" || RUBY_VERSION >= "3.2" }.map { |name| "--disable=#{name}" }
  end

  # Runs `ruby arguments…` to its end. Returns an Outcome; a hang is killed and shows as the status :hang.
  def run(*arguments, **options) = command([RbConfig.ruby, *arguments], **options)

  # The same for any program.
  def command(command, env: {}, input: "", chdir: PROJECT, seconds: HANG)
    options = { chdir: chdir, pgroup: true, unsetenv_others: false }
    program, *arguments = command
    Open3.popen3(CLEAN.merge(env), [program, program], *arguments, **options) do |stdin, stdout, stderr, process|
      readers = [stdout, stderr].map { |io| Thread.new { io.binmode.read } }
      feed(stdin, input)
      status = process.join(seconds) ? process.value : hang(process)
      out, err = readers.map { |reader| reader.value.force_encoding(Encoding::UTF_8) }
      Outcome.new(stdout: out, stderr: err, status: describe(status))
    end
  end

  # The exit code, or the name of the signal, or :hang.
  def describe(status)
    return status if status == :hang

    status.signaled? ? Signal.signame(status.termsig) : status.exitstatus
  end

  def feed(stdin, input)
    stdin.write(input)
    stdin.close
  rescue Errno::EPIPE
    stdin.close
  end
  private_class_method :feed

  def hang(process)
    Process.kill(:KILL, -process.pid)
    process.join
    :hang
  end
  private_class_method :hang
end
