# frozen_string_literal: true

# What does it cost to open an archive of 100,000 entries: in time, and in memory for its index?
require_relative "support"
require_relative "support/python"
require_relative "support/sources"

OPEN = "measured { InVFS.zip(ARGV.first) }"
OPEN_WITH_RUBYZIP = "measured { Zip::File.open(ARGV.first) }"

OPEN_IN_PYTHON = <<~'PYTHON'
  import sys, zipfile
  measured(lambda: zipfile.ZipFile(sys.argv[1]))
PYTHON

# The object's own figure, and the operating system's: how much the process grows with each archive that is kept open.
# The first two are not counted: they fill the allocator's reserve.
SIZE = <<~'RUBY'
  require "objspace"
  archive, count, names = ARGV
  puts (ObjectSpace.memsize_of(InVFS.zip(archive)) - names.to_i) / count.to_f
RUBY

GROWTH = <<~'RUBY'
  archive, count, names = ARGV
  rss = -> { File.read("/proc/self/smaps_rollup")[/^Rss: +(\d+)/, 1].to_i * 1024 }
  kept = Array.new(2) { InVFS.zip(archive) }
  before = rss.call
  4.times { kept << InVFS.zip(archive) }
  puts ((rss.call - before) / 4 - names.to_i) / count.to_f
RUBY

Bench.run("opening an archive of 100,000 entries") do |bench|
  count = Bench.trial? ? 1_000 : 100_000
  names = Array.new(count) { |number| "lib/part#{number % 50}/of_the_program/file#{number}.rb" }
  archive = Bench::Sources.zip("#{bench.directory}/large.zip", names.to_h { |name| [name, name] }, deflate: false)

  invfs = bench.ruby("invfs", Bench::INVFS, OPEN, archive)
  rubyzip = bench.ruby("rubyzip", ["-rzip"], OPEN_WITH_RUBYZIP, archive) if Bench.library?("zip")
  if rubyzip
    bench.row "time", invfs, rubyzip, bound: 0.01
  else
    bench.note "rubyzip is not installed"
  end
  python = Bench::Python.path && Bench::Python.way(bench, "Python, zipfile", OPEN_IN_PYTHON, archive)
  bench.row "time", invfs, python if python

  allowed = bench.given("what is allowed", 40.0)
  arguments = [archive, count.to_s, names.sum(&:bytesize).to_s]
  { "the object's own account" => SIZE, "growth of the process" => GROWTH }.each do |name, program|
    # A few entries, as in a trial, get lost in the allocator's reserve.
    next if program == GROWTH && Bench.trial?
    next bench.note("#{name}: only on Linux") if program == GROWTH && !File.exist?("/proc/self/smaps_rollup")

    way = bench.ruby(name, Bench::INVFS, program, *arguments)
    bench.row "memory per entry, without its name", way, allowed, bound: 1.0, unit: :bytes
  end
end
