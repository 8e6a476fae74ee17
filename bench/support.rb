# frozen_string_literal: true

# Shared by all benchmarks: runs several programs side by side and prints the results as a table.
require "rbconfig"
require "tmpdir"
require_relative "../test/support/ruby_process"
require_relative "../test/support/zip_builder"
require_relative "support/results"
require_relative "support/way"

# A benchmark names its ways (each a command for a fresh process) and its rows (one way compared with another):
#
#   Bench.run("reading all entries") do |bench|
#     disk = bench.ruby("from disk", [], program)
#     zip = bench.ruby("from an archive", Bench::INVFS, program)
#     bench.row("5,000 files", zip, disk, bound: 1.0)
#   end
#
# All ways take turns, RUNS times (11, unless the environment sets it), so that other load on the machine affects all of
# them. A row shows the ratio of the medians. RUNS=1 only tries a benchmark out: small inputs, rough figures.
class Bench
  RUNS = Integer(ENV.fetch("RUNS", "11"))
  abort "RUNS must be at least 1" if RUNS < 1

  LIB = RubyProcess::LIB
  INVFS = RubyProcess::INVFS
  # After those options the loader of invfs loads, and file operations do not see the VFS.
  OWN_LOADER = ["-r#{File.expand_path("support/without_mounts.rb", __dir__)}"].freeze

  Row = Struct.new(:name, :way, :baseline, :bound, :chart, :unit)

  class << self
    # Whether the benchmark is only tried out.
    def trial? = RUNS < 3

    # How often a program should repeat its measurement, or how large its input should be: `full`, or far less if it is
    # only tried out.
    def times(full)
      trial? ? [full / 1000, 1].max : full
    end

    # Yields a Bench to fill, with a temporary directory in `directory`; then measures and prints. `turns`: multiplies
    # RUNS, for small differences between short programs.
    def run(title, turns: 1)
      Dir.mktmpdir("invfs-bench") do |directory|
        bench = new(title, File.realpath(directory), turns)
        yield bench
        bench.measure
        results = bench.results
        puts results.text
        ENV["INVFS_BENCH_RESULTS"]&.then { |file| results.save(file) }
      end
    end

    # Whether a Ruby library is installed.
    def library?(name)
      @libraries ||= {}
      @libraries.fetch(name) { @libraries[name] = RubyProcess.run("-e", "require #{name.dump}").status.zero? }
    end
  end

  attr_reader :directory

  def initialize(title, directory, turns)
    @title = title
    @directory = directory
    @turns = turns
    @ways = []
    @rows = []
    @notes = []
  end

  # A way that is a Ruby program, given as text. It runs as a file, as programs do. Measures the time of `measured { }`
  # in it (measure: :printed), or of the whole process (:process).
  def ruby(name, options, program, *arguments, measure: :printed, before: nil)
    file = "#{directory}/way#{@ways.size}.rb"
    File.write(file, program.include?("measured") ? Way::MEASURED + program : program)
    command(name, [RbConfig.ruby, *options, file, *arguments], measure: measure, before: before)
  end

  # A way that is any command. `before` is called before each run.
  def command(name, command, measure: :process, before: nil)
    Way.new(name, command, directory, measure, before).tap { |way| @ways << way }
  end

  # A way with a known result: a number to compare others with.
  def given(name, number)
    Way::Given.new(name, number)
  end

  # One line of the table: how `way` compares with `baseline`. `bound` is the ratio that it should not exceed; `chart`
  # names the group of bars that it belongs to in the chart.
  def row(name, way, baseline, bound: nil, chart: nil, unit: :seconds)
    @rows << Row.new(name, way, baseline, bound, chart, unit)
  end

  # A line below the table.
  def note(text)
    @notes << text
  end

  def measure
    # The first round only warms the caches: the system's, and bootsnap's.
    rounds = Bench.trial? ? 1 : (RUNS * @turns) + 1
    note("medians of #{rounds - 1} runs") if @turns > 1 && !Bench.trial?
    rounds.times do |round|
      @ways.rotate(round).each { |way| way.run(keep: round.positive? || Bench.trial?) }
    end
  end

  def results
    Results.new(@title, @rows.map { |row| Results.row(row) }, @notes)
  end
end
