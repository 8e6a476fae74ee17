# frozen_string_literal: true

# What does `require` cost for a feature that is loaded already, with a ZipFS in $:, compared with stock Ruby?
# That is what nearly every `require` of a large program is, so it must not be dearer than without invfs.
require_relative "support"

# Each kind of feature takes another way through `require`. A name with a slash in front stands for the absolute path of
# that file. The last kind exists only where there is an archive; on disk a directory takes its place.
FEATURES = {
  "source" => %w[set json time forwardable],
  "absolute path" => %w[/set /json /time /forwardable],
  "native extension" => %w[strscan etc date_core zlib],
  "from the archive" => %w[boxed]
}.freeze

# The loop is written out, so that calling a block is not measured. The first run of it warms up. Time of the processor
# counts: nothing here waits, and what other programs do meanwhile should not matter.
PROGRAM = <<~'RUBY'
  directories, entry, rounds, *names = ARGV
  directories.to_i.times { |index| $:.unshift(File.expand_path("empty#{index}")) }
  $: << (entry.end_with?(".zip") ? InVFS.zip(entry) : entry)
  names.each { |name| require name.delete_prefix("/") }
  names.map! { |name| name.start_with?("/") ? $".find { |path| path.end_with?("#{name}.rb") } : name }
  first, second, third, fourth = names.cycle.first(4)
  count = rounds.to_i / 4
  measure = lambda do
    left = count
    start = Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID)
    while left.positive?
      require first
      require second
      require third
      require fourth
      left -= 1
    end
    Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID) - start
  end
  measure.call if count > 10
  puts measure.call / (4 * count)
RUBY

# How many names are required; fewer where each is dear: for a native extension named without its suffix Ruby looks
# whether a .rb has appeared beside it.
ROUNDS = Hash.new(40_000).update("native extension" => 400).freeze

Bench.run("require of a feature that is loaded already") do |bench|
  200.times { |index| Dir.mkdir("#{bench.directory}/empty#{index}") }
  Dir.mkdir("#{bench.directory}/box")
  File.write("#{bench.directory}/box/boxed.rb", "Boxed = 1\n")
  ZipBuilder.write("#{bench.directory}/box.zip", { "boxed.rb" => "Boxed = 1\n" })

  { "RubyGems" => [], "--disable-gems" => ["--disable-gems"] }.each do |gems, options|
    [0, 200].each do |directories|
      FEATURES.each do |kind, names|
        arguments = [Bench.times(ROUNDS[kind]).ceil(-1).to_s, *names]
        # An absolute path: stock Ruby is several times slower with a relative one in $:.
        stock, invfs = { "stock Ruby" => [["-I#{Bench::LIB}"], "box"], "invfs" => [Bench::INVFS, "box.zip"] }
                       .map do |name, (more, entry)|
          bench.ruby(name, options + more, PROGRAM, directories.to_s, "#{bench.directory}/#{entry}", *arguments)
        end
        bound = gems == "RubyGems" && directories == 200 ? 0.5 : 1.0
        bench.row("#{kind}, #{gems}, #{directories} more directories", invfs, stock, bound: bound)
      end
    end
  end
end
