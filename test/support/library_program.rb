# frozen_string_literal: true

# Uses a library and loads every file of it, wherever it lies. Arguments: the root of the library, its own directories
# there, those of its dependencies (each joined by commas), the file that uses it.
root, own, others, use = ARGV.shift(4)
own, others = [own, others].map { |list| list.split(",").map { |directory| "#{root}/#{directory}" } }
$:.unshift(*own, *others)
before = $".dup

# Archive directories can be listed like others, but the names are given, so that both sides load the same.
names = File.readlines("names", chomp: true)

load use

failed = names.reject do |name|
  require name
  true
rescue Exception => e # rubocop:disable Lint/RescueException -- files of other systems may even exit
  puts "#{name}: #{e.class}: #{e.message.lines.first}"
end
puts "#{names.size - failed.size} of #{names.size} files load"

# The name of a feature relative to its directory in $:.
name_of = lambda do |path|
  directory = $:.map(&:to_s).select { |entry| path.start_with?("#{entry}/") }.max_by(&:size)
  path.delete_prefix("#{directory}/") if directory
end
new = $" - before
inside, outside = new.partition { |path| path.start_with?("#{root}/") }
in_tree = File.readlines("tree", chomp: true)
puts "#{inside.size} features from #{root}", "from elsewhere: #{outside.map(&name_of) & in_tree}"
$stdout.flush
# Some libraries run a program at exit.
exit!(0)
