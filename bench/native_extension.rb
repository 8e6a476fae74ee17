# frozen_string_literal: true

# What does it cost to load a native extension from an archive, where the system's loader cannot open it by name?
require_relative "support"
require_relative "support/sources"

# The time of the requires alone. The first `require` of a process does extra work on each side, and hardly any program
# begins with a native extension. So another `require` runs first, unless the first one is what we measure.
REQUIRE_ALL = <<~'RUBY'
  entry, first, *names = ARGV
  $:.unshift(entry)
  require first unless first.empty?
  measured { names.each { |name| require name } }
  names.all? { |name| $".any? { |path| path.start_with?("#{entry}/#{name}.") } } or abort "loaded from elsewhere"
RUBY

EXTENSION = RbConfig::CONFIG["DLEXT"]

# Ruby's own extensions that need only Ruby and libc, and no Ruby code; small and large ones.
STANDARD = %w[strscan etc stringio date_core bigdecimal ripper nkf racc/cparse digest fcntl].freeze

# Names and paths of the installed ones, from this Ruby or from a gem.
def extensions(names)
  directories = [RbConfig::CONFIG["rubyarchdir"],
                 *Gem.path.flat_map { |path| Dir["#{path}/{gems/*/lib,extensions/*/*/*}"] }]
  names.to_h { |name| [name, directories.map { |dir| "#{dir}/#{name}.#{EXTENSION}" }.find { |path| File.file?(path) }] }
       .compact
end

Bench.run("first require of a native extension") do |bench|
  { "one: strscan" => ["strscan"], "one: msgpack" => ["msgpack/msgpack"], "ten of Ruby's own" => STANDARD }
    .each_with_index do |(title, wanted), index|
    found = extensions(wanted)
    next bench.note("#{title} is not installed") if found.empty?

    files = found.to_h { |name, path| ["#{name}.#{EXTENSION}", File.binread(path)] }.merge("first.rb" => "First = 1\n")
    disk = Bench::Sources.write("#{bench.directory}/disk#{index}", files)
    stored = Bench::Sources.zip("#{bench.directory}/stored#{index}.zip", files, deflate: false)
    deflated = Bench::Sources.zip("#{bench.directory}/deflated#{index}.zip", files)
    ways = [["from a zip", Bench::INVFS], ["from disk, stock Ruby", []]]
    compare = lambda do |name, archive, first, bound = 1.5, measure: :printed|
      zip, stock = ways.zip([archive, disk]).map do |(way, options), entry|
        bench.ruby(way, options, REQUIRE_ALL, entry, first, *found.keys, measure: measure)
      end
      bench.row name, zip, stock, bound: bound
    end
    compare["#{title}, stored", stored, "first"]
    compare["#{title}, deflated", deflated, "first"]
    next if found.size > 1

    compare["#{title}, stored, as the first require of all", stored, ""]
    compare["#{title}, stored, whole process", stored, "", nil, measure: :process]
  end
end
