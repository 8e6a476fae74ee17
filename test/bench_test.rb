# frozen_string_literal: true

# Every benchmark still runs: tried out with one short round each. What it measures then means nothing, and nothing
# here looks at it.
require "minitest/autorun"
require_relative "support/ruby_process"

class BenchTest < Minitest::Test
  BENCHES = Dir["#{RubyProcess::PROJECT}/bench/*.rb"].reject { |file| File.basename(file) == "support.rb" }

  BENCHES.each do |file|
    name = File.basename(file, ".rb")
    define_method("test_#{name}_runs_and_prints_a_ratio_in_every_row") do
      outcome = RubyProcess.run(file, env: { "RUNS" => "1" })
      assert_equal 0, outcome.status, outcome
      rows = outcome.stdout.lines.drop(4)
      refute_empty rows, outcome
      rows.each { |row| assert_match(/  \d+\.\d\d(?:  |$)/, row) }
    end
  end

  def test_bin_bench_runs_those_that_are_named
    outcome = RubyProcess.run("-e", 'exec("bin/bench", "nothing")')
    assert_equal [2, ""], [outcome.status, outcome.stdout], outcome
    assert_includes outcome.stderr, "bench/nothing.rb"
  end
end
