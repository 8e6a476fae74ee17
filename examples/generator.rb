# frozen_string_literal: true

# Files that nobody wrote: their contents are made when they are opened.
#   ruby -Ilib examples/generator.rb
# What it prints stands at the end.
require "invfs"

# Multiplication tables as CSV, and Ruby code that is written for whoever requires it.
class Generator < InVFS::Base
  def read(path)
    case path
    when %r{\A/tables/(\d+)\.csv\z} then table(Regexp.last_match(1).to_i)
    when %r{\A/lib/unit_(\w+)\.rb\z} then code(Regexp.last_match(1))
    end
  end

  # Only what is worth showing; other numbers can be opened just as well.
  def list(path)
    { "/" => %w[lib/ tables/], "/tables" => (1..3).map { |n| "#{n}.csv" }, "/lib" => [] }[path]
  end

  private

  def table(number)
    (1..3).map { |n| "#{number},#{n},#{number * n}\n" }.join
  end

  def code(unit)
    "def #{unit}(number) = \"\#{number} #{unit}\"\n"
  end
end

InVFS.mount("/made", Generator.new)
puts Dir.children("/made/tables")
puts File.read("/made/tables/7.csv")
p File.size("/made/tables/12.csv"), File.exist?("/made/tables/seven.csv")

$LOAD_PATH << "/made/lib"
require "unit_meters"
puts meters(3), method(:meters).source_location.first

# The shortest one is a block.
InVFS.mount("/hello") { |op, path, **| "Hello, #{path.delete_prefix("/")}!\n" if op == :read }
puts File.read("/hello/world")
__END__
1.csv
2.csv
3.csv
7,1,7
7,2,14
7,3,21
24
false
3 meters
/made/lib/unit_meters.rb
Hello, world!
