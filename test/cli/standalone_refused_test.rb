# frozen_string_literal: true

# What `invfs pack --standalone` says where there is no launcher for the system.
require_relative "cli_helper"

class StandaloneRefusedTest < Minitest::Test
  include CLIHelper

  # With a launcher at hand or not: that of another C library is of no use.
  def test_musl
    main = File.join(write({ "main.rb" => "puts 1" }), "main.rb")
    musl = write({ "musl.rb" => 'require "rbconfig"; RbConfig::CONFIG["host_os"] = "linux-musl"' }, "other")
    outcome = RubyProcess.run("-W0", "-I#{musl}", "-rmusl", EXE, "pack", "--standalone", main, env: ENVIRONMENT, chdir: @dir)
    assert_equal [1, ""], [outcome.status, outcome.stdout], outcome
    assert_match(/\Ainvfs: --standalone works on Linux with glibc, on x86-64 and AArch64, and not on \S+; --shebang .+\n\z/, outcome.stderr)
    assert_equal %w[app other], Dir.children(@dir).sort
  end
end
