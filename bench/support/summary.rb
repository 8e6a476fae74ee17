# frozen_string_literal: true

# Prints the results of several benchmarks as one table:
#
#   ruby bench/support/summary.rb [--markdown] [--chart IMAGE] RESULTS
#
# RESULTS is the file with their numbers (INVFS_BENCH_RESULTS); --chart draws those of starting programs.
require "optparse"
require_relative "../support"
require_relative "chart"

options = {}
file, = OptionParser.new { |parser| parser.on("--markdown").on("--chart IMAGE") }.parse(ARGV, into: options)
results = Bench::Results.load(file)

if options[:markdown]
  puts results.map(&:markdown)
else
  puts results.first.machine, "", Bench::Results.summary(results)
  bounds = results.flat_map(&:rows).select { |row| row[:bound] }
  missed = bounds.count { |row| row[:ratio] > row[:bound] }
  puts "", "Of #{bounds.size} bounds, #{missed} are missed." unless Bench.trial?
end

if (image = options[:chart])
  groups = Bench::Chart.groups(results.flat_map(&:rows))
  File.write(image, Bench::Chart.new("Starting a program: time in relation to stock Ruby, from disk", groups).svg)
  puts "The chart is in #{image}." unless options[:markdown]
end
