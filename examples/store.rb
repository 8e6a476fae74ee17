# frozen_string_literal: true

# A Hash as a directory that can be read and written, by everything that opens files.
#   ruby -Ilib examples/store.rb
# What it prints stands at the end.
require "fileutils"
require "invfs"
require "yaml"

# Files by their paths. Directories are there as long as something is in them, or were made.
class Store < InVFS::Base
  def initialize
    super
    @files = {}
    @directories = { "/" => true }
  end

  def read(path) = @files[path]

  def list(path)
    names = children(@files.keys, path) + children(@directories.keys, path).map { |name| "#{name.chomp("/")}/" }
    names.uniq if @directories[path] || names.any?
  end

  def write(path, contents)
    @files[path] = contents
  end

  def append(path, contents)
    @files[path] = @files.fetch(path, "") + contents
  end

  def mkdir(path)
    @directories[path] = true
  end

  def remove(path)
    @files.delete(path) || @directories.delete(path)
  end

  def rename(from, to)
    [@files, @directories].each do |names|
      moved = names.keys.select { |path| path == from || path.start_with?("#{from}/") }
      moved.each { |path| names[to + path.delete_prefix(from)] = names.delete(path) }
    end
  end

  private

  # What is directly below the directory: names, with "/" where they are directories.
  def children(paths, directory)
    directory = "#{directory.chomp("/")}/"
    paths.filter_map { |path| path.delete_prefix(directory)[%r{\A[^/]+/?}] if path.start_with?(directory) }
  end
end

InVFS.mount("/store", Store.new)
File.write("/store/greeting.txt", "Hello\n")
File.open("/store/greeting.txt", "a") { |file| file.puts "and good bye" }
FileUtils.mkdir_p("/store/config/production")
File.write("/store/config/production/app.yml", { "port" => 80 }.to_yaml)
FileUtils.cp("/store/greeting.txt", "/store/config/copy.txt")
File.rename("/store/config/production", "/store/config/live")

puts File.read("/store/greeting.txt")
p YAML.load_file("/store/config/live/app.yml")["port"]
puts Dir.glob("/store/**/*").sort
FileUtils.rm_r("/store/config")
p Dir.children("/store")
__END__
Hello
and good bye
80
/store/config
/store/config/copy.txt
/store/config/live
/store/config/live/app.yml
/store/greeting.txt
["greeting.txt"]
