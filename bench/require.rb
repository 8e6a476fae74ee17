# frozen_string_literal: true

# What does `require` cost for a feature that is already loaded, with a ZipFS in $:, compared with stock Ruby? Nearly
# every `require` of a large program is of this kind, so it must not be slower than without invfs.
require_relative "support"

# Each kind of feature takes a different way through `require`. A name with a leading slash means the absolute path of
# that file. The last kind needs an archive; on disk a directory replaces it.
FEATURES = {
  "source" => %w[set json time forwardable],
  "absolute path" => %w[/set /json /time /forwardable],
  "native extension" => %w[strscan etc date_core zlib],
  "from the archive" => %w[boxed]
}.freeze

# The loop is written out, so that no call of a block is measured. Its first run warms up. We measure processor time:
# nothing here waits, and other programs should not matter.
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

# How many names to require; fewer if each is expensive: for a native extension without its suffix, Ruby checks whether
# a .rb has appeared next to it.
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
