# frozen_string_literal: true

# Every benchmark still runs, with one short round each and small inputs. The figures then mean nothing, and no test
# checks them.
require "minitest/autorun"
require "json"
require "tempfile"
require_relative "../support/ruby_process"
require_relative "../../bench/support/chart"

class BenchTest < Minitest::Test
  DIRECTORY = "#{RubyProcess::PROJECT}/bench".freeze
  BENCHES = Dir["#{DIRECTORY}/*.rb"].reject { |file| File.basename(file) == "support.rb" }

  GROUPS = { "a < b" => [["from disk", 0.2, 1.0], ["bootsnap, cold", 1.9, 9.5], ["from a zip", 0.1, 0.5]] }.freeze

  BENCHES.each do |file|
    name = File.basename(file, ".rb")
    define_method("test_#{name}_runs_and_prints_a_ratio_in_every_row") do
      outcome = RubyProcess.run(file, env: { "RUNS" => "1" })
      assert_equal 0, outcome.status, outcome
      rows = outcome.stdout.lines.drop(4).take_while { |line| line != "\n" }
      refute_empty rows, outcome
      rows.each { |row| assert_match(/  \d+\.\d\d(?:\d\d)?(?:  |$)/, row) }
    end
  end

  def test_bin_bench_runs_those_that_are_named
    outcome = RubyProcess.run("-e", 'exec("bin/bench", "nothing")')
    assert_equal [2, ""], [outcome.status, outcome.stdout], outcome
    assert_includes outcome.stderr, "bench/nothing.rb"
  end

  def test_the_results_of_several_benchmarks_make_one_table_and_a_chart
    Tempfile.create("results") do |file|
      %w[one two].each { |title| file.puts JSON.generate(result(title)) }
      file.close
      image = "#{file.path}.svg"
      outcome = RubyProcess.run("#{DIRECTORY}/support/summary.rb", "--chart", image, file.path)
      assert_equal [0, ""], [outcome.status, outcome.stderr], outcome
      assert_equal 2, outcome.stdout.scan(/^  row +way +1 s +other +2 s +0\.50 +0\.40 +0\.4 MISSED$/).size, outcome
      assert_includes outcome.stdout, "Of 2 bounds, 2 are missed."
      assert_includes File.read(image), "<svg"
    ensure
      File.delete(image) if image && File.exist?(image)
    end
  end

  def test_the_chart_has_a_bar_for_each_way_and_cuts_those_that_are_too_long
    image = Bench::Chart.new("Start", GROUPS).svg
    unit = Bench::Chart::UNIT
    bars = [["other", unit], ["other", unit * Bench::Chart::LONGEST], ["ours", unit / 2]]
    drawn = image.scan(/<rect class="(other|ours)" .*width="([\d.]+)"/).map { |style, width| [style, width.to_f] }
    assert_equal(bars.map { |style, width| [style, width.round(1)] }, drawn)
    assert_equal 2, image.scan("<polygon").size
    assert_includes image, ">9.50  (1.90 s)</text>"
    assert_includes image, ">a &lt; b</text>"
    assert_equal image.scan(/<\w/).size, image.scan(%r{</|/>}).size, "elements are not closed"
  end

  private

  def result(title)
    row = { name: "row", way: "way", ours: 1.0, baseline: "other", theirs: 2.0, ratio: 0.5, clock: 0.4, bound: 0.4,
            chart: "group", unit: "seconds" }
    { title: title, rows: [row], notes: [], machine: "a machine" }
  end
end
