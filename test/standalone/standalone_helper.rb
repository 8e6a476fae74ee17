# frozen_string_literal: true

# Packs projects together with Ruby, takes them away, and runs the files. `rake launcher` must have built the launcher.
require_relative "../cli/project_helper"

module StandaloneHelper
  include ProjectHelper

  LAUNCHER = "#{RubyProcess::LIB}/invfs/invfs-launcher".freeze

  # What no packed program may depend on: where this machine has gems.
  ELSEWHERE = { "GEM_HOME" => "/nowhere", "GEM_PATH" => "/nowhere" }.freeze

  def setup
    super
    flunk "there is no launcher: rake launcher" unless File.file?(LAUNCHER)
  end

  # Packs what is at `what` into the file "program".
  def pack(what, *options, out: "program", **more)
    outcome = invfs("pack", what, "--standalone", "-o", out, *options, **more)
    assert_equal [0, ""], [outcome.status, outcome.stderr], outcome
    outcome.stdout
  end

  # Packs a script of this text.
  def pack_script(text, *options, **more)
    write({ "main.rb" => text }, "script")
    pack("script/main.rb", *options, **more)
  ensure
    FileUtils.rm_rf(path("script"))
  end

  def run_file(*arguments, file: path("program"), env: {}, **options)
    RubyProcess.command([file, *arguments], chdir: @dir, env: ENVIRONMENT.merge(ELSEWHERE, "XDG_STATE_HOME" => path("state")).merge(env), **options)
  end

  def assert_prints(stdout, *arguments, **options)
    outcome = run_file(*arguments, **options)
    assert_equal ["", 0], [outcome.stderr, outcome.status], outcome
    stdout.is_a?(Regexp) ? assert_match(stdout, outcome.stdout) : assert_equal(stdout, outcome.stdout)
  end
end
