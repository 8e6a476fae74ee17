# frozen_string_literal: true

# Notes in a database file, written and read as if they were files.
#   ruby -Ilib examples/database/run.rb notes.db
require_relative "sqlite_store"

InVFS.mount("/notes", SQLiteStore.new(ARGV.fetch(0)))
File.write("/notes/today/milk.txt", "Buy milk\n")
File.write("/notes/today/milk.txt", "Two bottles\n", mode: "a")
File.binwrite("/notes/logo.bin", [0, 255, 0].pack("C*"))
File.rename("/notes/today", "/notes/done")

Dir.glob("/notes/**/*").select { |path| File.file?(path) }.sort.each do |path|
  puts "#{path} #{File.size(path)}"
end
puts File.read("/notes/done/milk.txt")
