# frozen_string_literal: true

# What do mounts cost? Compares file operations on real paths while something is mounted elsewhere with the same when
# nothing is, and files in a mount with files in tmpfs.
require "fileutils"
require_relative "support"
require_relative "support/sources"

# `at` is a tree with lib/file.rb, small.txt (14 bytes), large.bin (1 MB) and list/a, b, c.
OPERATIONS = {
  "File.exist?" => [4_000, "File.exist?(small)"],
  "a missing file" => [4_000, "File.exist?(nothing)"],
  "File.stat" => [3_000, "File.stat(small)"],
  "open and close" => [1_500, "File.open(small).close"],
  "reading 14 bytes" => [1_000, "File.read(small)"],
  "reading 1 MB" => [20, "File.binread(large)"],
  "Dir.children" => [1_000, "Dir.children(list)"],
  "Dir.glob" => [60, "Dir.glob(all)"]
}.freeze
TREE = { "small.txt" => "fourteen bytes", "large.bin" => "x" * 1_000_000,
         "list/a" => "", "list/b" => "", "list/c" => "" }
       .merge((1..20).to_h { |number| ["lib/part#{number / 5}/file#{number}.rb", "# #{number}\n"] }).freeze

# The same with relative paths, from the directory of the tree; something is mounted below it too.
RELATIVE = ["File.exist?", "a missing file", "File.stat", "open and close", "Dir.glob"].freeze

# Operations that must not be slower in a mount.
BOUNDED = ["File.exist?", "Dir.glob"].freeze

MOUNT = "InVFS.mount('/mounted', InVFS.zip(archive))\n"

# Calls `run` 21 times, after two calls to warm up, and prints the median time, so that a few disturbed runs do not
# matter: the differences are small.
MEDIAN = <<~'RUBY'
  clocks = [Process::CLOCK_PROCESS_CPUTIME_ID, Process::CLOCK_MONOTONIC]
  2.times { run.call }
  samples = Array.new(21) do
    start = clocks.map { |clock| Process.clock_gettime(clock) }
    run.call
    clocks.zip(start).map { |clock, before| (Process.clock_gettime(clock) - before) / count }
  end
  puts samples.transpose.map { |times| times.sort[times.size / 2] }.join(" ")
RUBY

# A program that repeats one operation many times.
def operation(code, mount: true)
  <<~RUBY + MEDIAN
    at, count, archive = ARGV
    #{MOUNT if mount}
    small, nothing, large, list, all = %w[small.txt nothing.txt large.bin list **/*.rb].map { |name| "\#{at}/\#{name}" }
    count = count.to_i
    run = -> { count.times { #{code} } }
  RUBY
end

# The same with names relative to the working directory.
def relative_operation(code, mount: true)
  <<~RUBY + MEDIAN
    at, count, archive = ARGV
    Dir.chdir(at)
    #{"InVFS.mount('mounted', InVFS.zip(archive))" if mount}
    small, nothing, list, all = %w[small.txt nothing.txt list lib/**/*.rb]
    count = count.to_i
    run = -> { count.times { #{code} } }
  RUBY
end

READ_ALL = <<~'RUBY'
  at, archive = ARGV
  MOUNT
  count = 1
  names = Dir.glob("#{at}/**/*.rb")
  run = -> { names.each { |name| File.binread(name) } }
RUBY

REQUIRE_ALL = <<~'RUBY'
  at, count, archive = ARGV
  MOUNT
  $:.unshift(at)
  measured { 1.upto(count.to_i) { |number| require format("small/part%04d", number) } }
RUBY

# A child says when it ends; its parent sees when it is gone.
END_OF_PROCESS = <<~'RUBY'
  InVFS.mount("/mounted", InVFS.stringmap({ "a" => "1" })) if ARGV.first == "true"
  Dir.children(ARGV.first == "true" ? "/mounted" : "/")
  now = -> { Process.clock_gettime(Process::CLOCK_MONOTONIC) }
  reader, writer = IO.pipe
  child = fork { writer.syswrite([now.call].pack("d")) && exit!(true) }
  Process.wait(child)
  puts now.call - reader.read(8).unpack1("d")
RUBY

# A directory in memory; if there is none, the disk's cache has to do.
MEMORY = Dir.mktmpdir("invfs-bench", *("/dev/shm" if File.writable?("/dev/shm")))
at_exit { FileUtils.rm_rf(MEMORY) }

Bench.run("files of a mount, and others beside it") do |bench|
  count = Bench.trial? ? 10 : 1_000
  real = Bench::Sources.write("#{MEMORY}/tree", TREE)
  small = Bench::Sources.small(count)
  small_real = Bench::Sources.write("#{MEMORY}/small", small)
  small_disk = Bench::Sources.write("#{bench.directory}/small", small)
  tree_zip = Bench::Sources.zip("#{bench.directory}/tree.zip", TREE, deflate: true)
  small_zip = Bench::Sources.zip("#{bench.directory}/small.zip", small, deflate: true)

  measure = lambda do |name, operation, at, mount: true|
    times, code = OPERATIONS.fetch(operation)
    bench.ruby(name, Bench::INVFS, operation(code, mount: mount), at, Bench.times(times).to_s, tree_zip)
  end
  rows = OPERATIONS.keys.map do |name|
    without = measure["nothing mounted", name, real, mount: false]
    bench.row "#{name}, real path", measure["something mounted", name, real], without, bound: 1.1
    [name, measure["in a mount", name, "/mounted"], without]
  end
  RELATIVE.each do |name|
    times, code = OPERATIONS.fetch(name)
    below, without = [true, false].map do |mount|
      bench.ruby(mount ? "something mounted below" : "nothing mounted", Bench::INVFS,
                 relative_operation(code, mount: mount), real, Bench.times(times).to_s, tree_zip)
    end
    bench.row "#{name}, relative path", below, without, bound: 1.1
  end
  rows.each { |name, *ways| bench.row name, *ways, bound: BOUNDED.include?(name) ? 1.0 : nil }

  read = lambda do |name, at, ending, mount: nil|
    bench.ruby(name, Bench::INVFS, READ_ALL.sub("MOUNT\n", mount.to_s) + ending, at, small_zip)
  end
  # The second time finds what the first has made; what does not fit then is kept when it is read twice.
  { "warm" => [MEDIAN, 1.4], "first time" => ["measured { run.call }\n", 2.0],
    "second time" => ["run.call; measured { run.call }\n", 1.8] }.each do |which, (ending, bound)|
    bench.row "reading #{count} files, #{which}", read["in a mount", "/mounted", ending, mount: MOUNT],
              read["tmpfs", small_real, ending], bound: bound
  end

  files = [count, 200].min.to_s
  load_all = lambda do |name, options, mount, at|
    bench.ruby(name, options, REQUIRE_ALL.sub("MOUNT\n", mount), at, files, small_zip)
  end
  bench.row "require of #{files} files", load_all["in a mount", Bench::INVFS, MOUNT, "/mounted"],
            load_all["from disk, stock Ruby", [], "", small_disk]

  ended = ->(name, mount) { bench.ruby(name, Bench::INVFS, END_OF_PROCESS, mount.to_s) }
  bench.row "the end of a process", ended["something mounted", true], ended["nothing mounted", false]

  real_files = MEMORY.start_with?("/dev/shm") ? "tmpfs" : "the system's cache of a disk"
  bench.note("Real files lie in #{real_files}; those that are required, on disk. The archives are deflated.")
end
