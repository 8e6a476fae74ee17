# frozen_string_literal: true

# A handler: lets the path of a tar archive stand in $:, also with a directory inside it. RubyGems can read tar.
#   ruby -Ilib examples/tar_handler.rb
# What it prints stands at the end.
require "invfs"
require "rubygems/package"
require "tmpdir"

# The files of a tar archive, all in memory.
class TarFS
  # The two methods of a handler.
  class << self
    # Is this file my business? Cheap, and sure of its answer: the next handler gets what is refused.
    def probe(path) = File.binread(path, 5, 257) == "ustar"

    # A VFS, or an exception, which becomes the cause of a LoadError.
    def open(path) = new(path)
  end

  attr_reader :to_path

  def initialize(path)
    @to_path = path
    @files = {}
    File.open(path, "rb") do |file|
      Gem::Package::TarReader.new(file).each { |entry| @files[entry.full_name] = entry.read || "" if entry.file? }
    end
  end

  def file?(path) = @files.key?(path)
  def size(path) = @files.fetch(path).bytesize
  def read(path) = @files.fetch(path)
end

InVFS.register(TarFS)

Dir.mktmpdir do |directory|
  archive = "#{File.realpath(directory)}/box.tar"
  File.open(archive, "wb") do |file|
    Gem::Package::TarWriter.new(file) do |tar|
      { "lib/sun.rb" => "require_relative 'sun/ray'\ndef sun = ray * 2\n", "lib/sun/ray.rb" => "def ray = 21\n" }
        .each { |name, text| tar.add_file_simple(name, 0o644, text.bytesize) { |entry| entry.write(text) } }
    end
  end

  $LOAD_PATH << "#{archive}/lib"
  require "sun"
  puts sun
  $LOADED_FEATURES.last(2).each { |path| puts path.delete_prefix("#{archive}/") }
end
__END__
42
lib/sun/ray.rb
lib/sun.rb
