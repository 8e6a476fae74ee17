# frozen_string_literal: true

# What does it cost to read every file of an archive into Ruby Strings? 5,000 real Ruby files, without the time to open
# the archive.
require_relative "support"
require_relative "support/python"
require_relative "support/sources"

READ = {
  "invfs" => [Bench::INVFS, <<~'RUBY'],
    archive = InVFS.zip(ARGV.first)
    names = archive.entries
    measured { names.each { |name| archive.read(name) } }
  RUBY
  "rubyzip" => [["-rzip"], <<~'RUBY'],
    archive = Zip::File.open(ARGV.first)
    entries = archive.entries
    measured { entries.each { |entry| archive.read(entry) } }
  RUBY
  "from disk, stock Ruby" => [[], <<~'RUBY']
    paths = Dir["#{ARGV.first}/**/*.rb"]
    measured { paths.each { |path| File.binread(path) } }
  RUBY
}.freeze

READ_IN_PYTHON = <<~'PYTHON'
  import sys, zipfile
  archive = zipfile.ZipFile(sys.argv[1])
  names = archive.namelist()
  def read():
      for name in names: archive.read(name)
  measured(read)
PYTHON

BOUNDS = { "deflated" => { "rubyzip" => 0.16, "Python, zipfile" => 0.35 },
           "stored" => { "rubyzip" => 0.1, "from disk, stock Ruby" => 0.4 } }.freeze

Bench.run("reading all files of an archive, 5,000") do |bench|
  files = Bench::Sources.real(Bench.trial? ? 50 : 5_000)
  disk = Bench::Sources.write("#{bench.directory}/disk", files)
  read = ->(name, path) { bench.ruby(name, READ.dig(name, 0), READ.dig(name, 1), path) }
  from_disk = read["from disk, stock Ruby", disk]

  BOUNDS.each do |how, bounds|
    archive = Bench::Sources.zip("#{bench.directory}/#{how}.zip", files, deflate: how == "deflated")
    invfs = read["invfs", archive]
    others = [from_disk]
    others << read["rubyzip", archive] if Bench.library?("zip")
    others << Bench::Python.way(bench, "Python, zipfile", READ_IN_PYTHON, archive) if Bench::Python.path
    others.each { |other| bench.row how, invfs, other, bound: bounds[other.name] }
  end
  bench.note("#{files.size} files of #{files.values.sum(&:bytesize) / 1_000_000.0} MB in all")
end
