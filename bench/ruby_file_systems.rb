# frozen_string_literal: true

# What do file systems written in Ruby cost? Long directories, a little of a large file, and all of it.
require_relative "support"

LISTING = <<~'RUBY'
  names = Array.new(Integer(ARGV[0])) { |number| "file-#{number}.txt" }
  pairs = ARGV[1] == "typed" ? names.map { |name| [name, :file] } : names
  InVFS.mount("/names") do |op, path, **|
    case op
    when :list then pairs if path == "/"
    when :stat then :file
    end
  end
  measured { Dir.children("/names").size == names.size || abort("names are missing") }
RUBY

LARGE = <<~'RUBY'
  size = Integer(ARGV[0])
  BLOCK = "0123456789abcdef" * (1 << 19)
  InVFS.mount("/large") do |op, path, offset: nil, length: nil, **|
    case op
    when :stat then { type: path == "/" ? :directory : :file, size: size }
    when :read then BLOCK.byteslice(0, length || size)
    end
  end
RUBY

A_LITTLE = "#{LARGE}measured { 100.times { File.open('/large/file') { |file| file.read(10) } } }\n".freeze
ALL = "#{LARGE}measured { File.binread('/large/file').bytesize == size || abort('bytes are missing') }\n".freeze
REAL = "measured { %s }\n"

Bench.run("file systems written in Ruby") do |bench|
  names = Bench.times(1_000_000).to_s
  two_seconds = bench.given("2 s", 2.0)
  %w[untyped typed].each do |kind|
    way = bench.ruby("Dir.children", Bench::INVFS, LISTING, names, kind)
    bench.row "listing #{names} names, #{kind}", way, two_seconds, bound: 1.0
  end

  size = Bench.trial? ? 2 << 20 : 256 << 20
  real = "#{bench.directory}/file"
  File.open(real, "wb") { |file| (size >> 20).times { file.write("0" * (1 << 20)) } }
  large = (10 << 30).to_s
  bench.row "100 times 10 bytes of 10 GiB", bench.ruby("in parts", Bench::INVFS, A_LITTLE, large),
            bench.ruby("on disk", [], format(REAL, "100.times { File.open('#{real}') { |file| file.read(10) } }"))
  bench.row "all of #{size >> 20} MiB", bench.ruby("in parts", Bench::INVFS, ALL, size.to_s),
            bench.ruby("on disk", [], format(REAL, "File.binread('#{real}')"))
end
