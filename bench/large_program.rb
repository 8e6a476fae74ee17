# frozen_string_literal: true

# Does a large program start faster from one archive than from disk? Whole processes: Ruby starts, loads all of rubocop
# (about 1,100 files), and ends.
require_relative "support"
require_relative "support/bootsnap"
require_relative "support/program"
require_relative "support/sources"

Bench.run("start of a large program, rubocop") do |bench|
  name = Bench.trial? ? "rake" : "rubocop"
  program = Bench::Program.find(name) or next bench.note("#{name} is not installed")
  start = lambda do |label, options, text, *directories|
    bench.ruby(label, options, text, name, *directories, measure: :process)
  end
  archived = lambda do |label, files, *options|
    archive = Bench::Sources.pack("#{bench.directory}/#{label.delete("^a-z")}.zip", files, *options)
    start[label, Bench::INVFS, Bench::Program::START, *program.inside(archive, files)]
  end

  chart = "rubocop, about 1,100 files"
  stock = start["from disk, stock Ruby", [], Bench::Program::START, *program.directories]
  gem = start["from disk, found by RubyGems", [], Bench::Program::START_AS_GEM]
  all = program.files(standard_library: true)
  source = archived["from a zip", all]
  compiled = archived["from a zip, compiled", all, "--compile"]
  gems = archived["only gems from a zip, compiled", program.files(standard_library: false), "--compile"]

  bench.row "compiled code", compiled, stock, bound: 0.55, chart: chart
  bench.row "source", source, stock, chart: chart
  bench.row "compiled code, library on disk", gems, stock
  bench.row "compiled code", compiled, gem
  # Ruby's own loader, which loads code in `$:`, against the loader of invfs for systems without mounts.
  own = start["from a zip, compiled, without mounts", [*Bench::INVFS, *Bench::OWN_LOADER], Bench::Program::START,
              *program.inside("#{bench.directory}/fromazipcompiled.zip", all)]
  bench.row "compiled code, Ruby's loader", compiled, own, bound: 1.05
  next bench.note("bootsnap is not installed") unless Bench::Bootsnap.there?

  cold, warm = Bench::Bootsnap.ways(bench, Bench::Program::START, name, *program.directories)
  bench.row "bootsnap, first run", cold, stock, chart: chart
  bench.row "bootsnap, later runs", warm, stock, chart: chart
  bench.row "compiled code", compiled, warm, bound: 0.95
  bench.row "compiled code, library on disk", gems, warm
end
