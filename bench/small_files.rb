# frozen_string_literal: true

# Does a program of many small files start faster from an archive than from disk? Whole processes, from the start of
# Ruby to its end.
require_relative "support"
require_relative "support/bootsnap"
require_relative "support/python"
require_relative "support/sources"

LOAD_ALL = <<~'RUBY'
  entry, count = ARGV
  $:.unshift(entry)
  1.upto(count.to_i) { |number| require format("small/part%04d", number) }
RUBY

IMPORT_ALL = <<~'PYTHON'
  import importlib, sys
  entry, count = sys.argv[1:]
  sys.path.insert(0, entry)
  for number in range(1, int(count) + 1):
      importlib.import_module("small.part%04d" % number)
PYTHON

Bench.run("start of a program of 1,000 small files") do |bench|
  count = Bench.trial? ? 10 : 1_000
  files = Bench::Sources.small(count)
  disk = Bench::Sources.write("#{bench.directory}/disk", files)
  archives = [[], %w[--compile], %w[--compile --method deflate]].map.with_index do |options, index|
    Bench::Sources.pack("#{bench.directory}/#{index}.zip", files, *options)
  end

  start = ->(name, options, entry) { bench.ruby(name, options, LOAD_ALL, entry, count.to_s, measure: :process) }
  stock = start["from disk, stock Ruby", [], disk]
  source, compiled, deflated =
    ["from a zip", "from a zip, compiled", "from a zip, compiled, deflated"].zip(archives).map do |name, archive|
      start[name, Bench::INVFS, archive]
    end
  chart = "1,000 small files"
  bench.row "source", source, stock, bound: 1.05, chart: chart
  bench.row "compiled code", compiled, stock, bound: 0.53, chart: chart
  bench.row "compiled code, deflated", deflated, stock
  own = ->(name, archive) { start[name, [*Bench::INVFS, *Bench::OWN_LOADER], archive] }
  bench.row "source, loader of invfs", own["from a zip, without mounts", archives[0]], stock
  bench.row "compiled code, loader of invfs", own["from a zip, compiled, without mounts", archives[1]], stock

  if Bench::Bootsnap.there?
    cold, warm = Bench::Bootsnap.ways(bench, LOAD_ALL, disk, count.to_s)
    bench.row "bootsnap, first run", cold, stock, chart: chart
    bench.row "bootsnap, later runs", warm, stock, chart: chart
    bench.row "compiled code", compiled, warm
  end

  if Bench::Python.path
    tree, zip = Bench::Python.package(bench, Bench::Sources.small_python(count))
    imports = [["zipimport", zip], ["Python, from disk", tree]].map do |name, entry|
      Bench::Python.way(bench, name, IMPORT_ALL, entry, count.to_s, measure: :process)
    end
    bench.row "Python, compiled", *imports
    bench.row "compiled code", compiled, imports.first
  end
end
