# frozen_string_literal: true

# Run by MountsPathsTest next to a mount: compares random paths on disk with the same paths on a mount. ARGV: seed,
# rounds.
require_relative "zip_builder"
require "fileutils"

FILES = { "hello" => "h", "d/one" => "1", "d/sub/three" => "3" }.freeze
INNER = { "in" => "hello", "din" => "d", "d/back" => "../hello", "d/sub/up" => "../..", "loop" => "loop",
          "dangin" => "zip", "d/viadin" => "../din/one" }.freeze
OUTER = { "rel" => "app", "chain" => "rel", "tod" => "app/d", "ls" => "r/s", "r/up" => "../app", "r/s/deep" => "../../app/d",
          "dang" => "app/nope", "tof" => "app/hello", "toin" => "app/in", "todin" => "app/din", "treal" => "real",
          "lo" => "lo", "thru" => "app/../real" }.freeze
NAMES = (FILES.keys + INNER.keys + OUTER.keys + %w[app abs r s q real nope]).flat_map { |name| name.split("/") }.uniq.freeze
# Deep enough that paths see the same above them, however far they climb.
DISK, MOUNTED = "#{DIRECTORY}/above/above/above/disk=", "#{DIRECTORY}/above/above/above/mounted="

[DISK, MOUNTED].each do |base|
  FileUtils.mkdir_p("#{base}/r/s")
  File.write("#{base}/r/q", "q")
  File.write("#{base}/real", "real")
  OUTER.merge("abs" => "#{base}/app").each { |name, target| File.symlink(target, "#{base}/#{name}") }
end
FileUtils.mkdir_p("#{DISK}/app/d/sub")
FILES.each { |name, text| File.write("#{DISK}/app/#{name}", text) }
INNER.each { |name, target| File.symlink(target, "#{DISK}/app/#{name}") }
File.binwrite("#{DIRECTORY}/walks.zip", ZipBuilder.build do |zip|
  FILES.each { |name, text| zip.add name, text }
  INNER.each { |name, target| zip.add name, target, symlink: true }
end)
InVFS.mount("#{MOUNTED}/app", InVFS.zip("#{DIRECTORY}/walks.zip"))

describe = ->(stat) { [stat.ftype, stat.file? && stat.size] }
LOOKS = {
  stat: ->(path) { describe[File.stat(path)] },
  lstat: ->(path) { describe[File.lstat(path)] },
  read: ->(path) { File.read(path) },
  list: ->(path) { Dir.children(path).sort },
  real: ->(path) { File.realpath(path) },
  almost: ->(path) { File.realdirpath(path) },
  link: ->(path) { File.readlink(path) },
  ask: ->(path) { [File.exist?(path), File.directory?(path), File.symlink?(path), File.readable?(path)] },
  glob: ->(path) { Dir.glob("#{path}/*").sort },
  enter: lambda do |path|
    Dir.chdir(path) do
      [Dir.pwd, *[-> { File.read("one") }, -> { Dir.children("..").sort }, -> { File.ftype("../real") }].map do |look|
        look.call
      rescue SystemCallError => e
        e.class
      end]
    end
  end
}.freeze

# A real directory does not list the mounts in it.
def without_mount_point(text) = text.gsub(/"[^"]*app", /, "").gsub(/"[^"]*app"/, "")

def look(base, from, name, path)
  Dir.chdir(from ? "#{base}/#{from}" : base) do
    without_mount_point(LOOKS[name].call(from ? path : "#{base}/#{path}").inspect.gsub(base, "BASE"))
  end
rescue SystemCallError => e
  e.class.to_s
end

random = Random.new(ARGV[0].to_i)
one_of = ->(list) { list[random.rand(list.size)] }
component = -> { one_of[[*[".."] * 2, ".", "", *[nil] * 6]] || one_of[NAMES] }
ARGV[1].to_i.times do
  path = Array.new(random.rand(1..6)) { component.call }
  path.unshift(one_of[%w[app rel abs tod ls r]]) if random.rand(3).positive?
  path = path.join("/") + one_of[["", "", "", "/", "/."]]
  from = one_of[[nil, nil, ".", "r", "ls", "app", "app/d", "abs/d", "app/din", "tod"]]
  # The system handles relative paths in a real directory, unless a link leads into the mount.
  next if [".", "r", "ls"].include?(from) && path.split("/").include?("app")

  next if path.start_with?("/") || path.scan("..").size > 2

  name = one_of[LOOKS.keys]
  expected, got = look(DISK, from, name, path), look(MOUNTED, from, name, path)
  next if expected == got

  abort "seed #{ARGV[0]}: #{name} #{path.inspect} from #{from.inspect}: #{expected} on disk, #{got} on the mount"
end
