# frozen_string_literal: true

# What does finding files on disk cost, with many directories in $: and an archive in front of them? Ruby searches one
# directory after the other, and an object in $: makes it expand all of them again for each require.
require_relative "support"
require_relative "support/sources"

FIRST_REQUIRES = <<~'RUBY'
  archive, count, *directories = ARGV
  $:.unshift(*directories)
  $:.unshift(InVFS.zip(archive)) unless archive.empty?
  names = Array.new(count.to_i) { |number| "file#{number}" }
  measured { names.each { |name| require name } }
RUBY

Bench.run("first require of 300 files on disk, 200 directories in $:") do |bench|
  count = Bench.trial? ? 3 : 300
  directories = Array.new(200) { |index| "#{bench.directory}/lib#{index}" }
  archive = Bench::Sources.zip("#{bench.directory}/box.zip", Bench::Sources.small(100))
  { "spread over all" => 200, "all in the last" => 1 }.each do |where, among|
    places = directories.map { |directory| "#{directory}-#{among}" }
    files = (0...count).to_h { |number| ["#{places[-1 - number % among]}/file#{number}.rb", "FILE#{number} = 1\n"] }
    Bench::Sources.write("", files)
    places.each { |directory| FileUtils.mkdir_p(directory) }
    { "RubyGems" => [], "--disable-gems" => ["--disable-gems"] }.each do |gems, options|
      stock, invfs = { "stock Ruby" => [[], ""], "invfs" => [Bench::INVFS, archive] }.map do |name, (more, entry)|
        bench.ruby(name, options + more, FIRST_REQUIRES, entry, count.to_s, *places)
      end
      bench.row("#{where}, #{gems}", invfs, stock, bound: 1.0)
    end
  end
end
