# frozen_string_literal: true

# What all benchmarks share: the same question put to several programs side by side, and the table of the answers.
require "open3"
require "rbconfig"
require "tmpdir"
require_relative "../test/support/ruby_process"
require_relative "../test/support/zip_builder"

# A benchmark names its ways (each a command for a fresh process) and its rows (one way compared with another):
#
#   Bench.run("reading all entries") do |bench|
#     disk = bench.ruby("from disk", [], program)
#     zip = bench.ruby("from an archive", Bench::INVFS, program)
#     bench.row("5,000 files", zip, disk, bound: 1.0)
#   end
#
# All ways take turns, RUNS times (11, unless the environment says otherwise), so that whatever else the machine does
# falls on all of them; a row shows the ratio of the medians. RUNS=1 is for trying a benchmark out: nothing is measured
# with care then.
class Bench
  RUNS = Integer(ENV.fetch("RUNS", "11"))
  abort "RUNS must be at least 1" if RUNS < 1

  LIB = RubyProcess::LIB
  INVFS = RubyProcess::INVFS

  # measure: what the process prints as its last line (:printed, in seconds), or how long it lives (:process).
  Way = Struct.new(:name, :command, :measure, :samples)
  Row = Struct.new(:name, :way, :baseline, :bound)

  # How often a program should repeat what it measures: `full` times, far less often when just trying.
  def self.times(full)
    RUNS < 3 ? [full / 1000, 1].max : full
  end

  # Yields a Bench to be filled, with a temporary directory in `directory`; measures; prints.
  def self.run(title)
    Dir.mktmpdir("invfs-bench") do |directory|
      bench = new(title, File.realpath(directory))
      yield bench
      bench.measure
      puts bench.table
    end
  end

  attr_reader :directory

  def initialize(title, directory)
    @title = title
    @directory = directory
    @ways = []
    @rows = []
  end

  # A way that is a Ruby program, given as text. It runs as a file, as programs do.
  def ruby(name, options, program, *arguments, measure: :printed)
    file = "#{directory}/way#{@ways.size}.rb"
    File.write(file, program)
    command(name, [RbConfig.ruby, *options, file, *arguments], measure: measure)
  end

  # A way that is any command.
  def command(name, command, measure: :process)
    Way.new(name, command, measure, []).tap { |way| @ways << way }
  end

  # One line of the table: how `way` compares with `baseline`. `bound` is the ratio that it should not exceed.
  def row(name, way, baseline, bound: nil)
    @rows << Row.new(name, way, baseline, bound)
  end

  def measure
    # The first round only warms the system's caches.
    (RUNS < 3 ? 1 : RUNS + 1).times do |round|
      @ways.each { |way| time(way).then { |seconds| way.samples << seconds if round.positive? || RUNS < 3 } }
    end
  end

  def table
    lines = @rows.map { |row| cells(row) }.unshift(["", "way", "median", "compared with", "median", "ratio", "bound"])
    widths = lines.transpose.map { |column| column.map(&:size).max }
    text = lines.map { |line| line.zip(widths).map { |cell, width| cell.ljust(width) }.join("  ").rstrip }
    [@title, machine, "", *text].join("\n")
  end

  private

  def time(way)
    start = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    out, error, status = Open3.capture3(RubyProcess::CLEAN, *way.command, chdir: directory)
    seconds = Process.clock_gettime(Process::CLOCK_MONOTONIC) - start
    abort "#{way.name}: #{status}\n#{way.command.join(" ")}\n#{out}#{error}" unless status.success?

    way.measure == :process ? seconds : Float(out.lines.last)
  end

  def cells(row)
    ours, theirs = [row.way, row.baseline].map { |way| median(way.samples) }
    ratio = ours / theirs
    verdict = row.bound && "#{format("%.2f", row.bound)} #{ratio <= row.bound ? "held" : "MISSED"}"
    [row.name, row.way.name, duration(ours), row.baseline.name, duration(theirs), format("%.2f", ratio), verdict.to_s]
  end

  def median(samples)
    sorted = samples.sort
    middle = sorted.size / 2
    sorted.size.odd? ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  end

  def duration(seconds)
    unit, factor = { "s" => 1, "ms" => 1e-3, "us" => 1e-6 }.find { |_, size| seconds >= size } || ["ns", 1e-9]
    "#{format("%.3g", seconds / factor)} #{unit}"
  end

  def machine
    how = RUNS < 3 ? "tried out with RUNS=#{RUNS}: these numbers mean nothing" : "median of #{RUNS} runs, interleaved"
    "#{RUBY_DESCRIPTION}, #{Time.now.strftime("%F")}, #{how}"
  end
end
