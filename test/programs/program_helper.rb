# frozen_string_literal: true

# Loaded first by the tests of whole programs: runs a program with and without invfs and compares the two.
require "minitest/autorun"
require "fileutils"
require "tmpdir"
require_relative "../support/ruby_process"

# Included by the test classes in this folder.
module ProgramHelper
  # Differences between any two runs of a program, and the one difference that must be there: a native method in front
  # of Ruby's own adds a line for the same call to a backtrace.
  VOLATILE = [
    [/(Finished(?: tests)?) in [\d.]+s, .*$/, '\1 in TIME'],
    [/0x\h{8,}/, "0xADDRESS"],
    [/^(.*in [`'](?:Kernel#)?(?:require|require_relative|load)'\n)\1+/, '\1']
  ].freeze

  # Runs Ruby with these arguments twice in a folder with these files: without invfs, and with it. Both must behave
  # the same. The folder is made anew for each run, under the same name.
  #
  # status, prints:: what the program must do in any case, else the two could agree in failing
  # before:: arguments that come before -rinvfs/zip
  # by:: how invfs is loaded: :option (-r), or :environment (RUBYOPT), which reaches child processes, too
  # times:: how often it runs in the same folder; for programs that keep a cache
  def assert_unchanged_by_invfs(*arguments, files: {}, status: 0, prints: nil, before: [], by: :option, times: 1,
                                env: {}, input: "")
    without, with = [false, true].map do |invfs|
      in_folder(files) do |dir|
        options = by == :option && invfs ? RubyProcess::INVFS : []
        surroundings = environment(dir, invfs && by == :environment).merge(env)
        Array.new(times) do
          RubyProcess.run(*before, *options, *arguments, env: surroundings, chdir: dir, input: input)
        end
      end
    end
    without.zip(with).each do |control, outcome|
      assert_equal status, control.status, "without invfs\n#{control}"
      assert_match prints, control.stdout, "without invfs" if prints
      assert_equal stable(control), stable(outcome)
    end
  end

  # Skips the test when this Ruby has no such gem.
  def need_gem(name, package)
    Gem::Specification.find_by_name(name)
  rescue Gem::MissingSpecError
    skip "Ruby #{RUBY_VERSION} has no gem #{name} here (Debian: #{package})"
  end

  private

  def stable(outcome)
    VOLATILE.inject(outcome.to_s) { |text, (pattern, replacement)| text.gsub(pattern, replacement) }
  end

  def in_folder(files)
    dir = File.join(Dir.tmpdir, "invfs-program-#{Process.pid}")
    FileUtils.mkdir(dir)
    dir = File.realpath(dir)
    files.each do |name, content|
      FileUtils.mkdir_p(File.dirname("#{dir}/#{name}"))
      File.write("#{dir}/#{name}", content)
    end
    yield dir
  ensure
    FileUtils.rm_rf(dir)
  end

  # A home of its own, so that no configuration of the user's plays a part.
  def environment(dir, invfs)
    { "HOME" => dir, "LANG" => "C.UTF-8", "TERM" => "dumb", "NO_COLOR" => "1",
      "RUBYOPT" => invfs ? RubyProcess::INVFS.join(" ") : nil }
  end
end
