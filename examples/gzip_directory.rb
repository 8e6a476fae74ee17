# frozen_string_literal: true

# A VFS of one's own: the .gz files of a directory, as if they were not compressed. Four methods are enough.
#   ruby -Ilib examples/gzip_directory.rb
# What it prints stands at the end.
require "invfs"
require "tmpdir"
require "zlib"

# The files of a directory that are stored as <name>.gz.
class GzipDirectory
  def initialize(directory)
    @directory = File.realpath(directory)
  end

  # Where the files appear. invfs asks once.
  def to_path = "#{@directory}/(gz)"

  def file?(path) = File.file?(gz(path))

  # The size that the file has when it is read; gzip keeps it in the last four bytes.
  def size(path) = File.binread(gz(path))[-4..].unpack1("V")

  def read(path) = Zlib::GzipReader.open(gz(path), &:read)

  private

  # invfs gives clean names only: relative, and never with a "..".
  def gz(path) = "#{@directory}/#{path}.gz"
end

Dir.mktmpdir do |directory|
  source = "def moon = [__method__, File.basename(__FILE__)]\n"
  Zlib::GzipWriter.open("#{directory}/moon.rb.gz") { |gz| gz.write(source) }
  vfs = GzipDirectory.new(directory)
  $LOAD_PATH << vfs
  puts require("moon"), moon.inspect
  puts InVFS.root(vfs).delete_prefix(File.realpath(directory))
end
__END__
true
[:moon, "moon.rb"]
/(gz)
