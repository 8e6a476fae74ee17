# frozen_string_literal: true

# A bucket of an object store, used as if it were a directory.
#   ruby -Ilib examples/objects/run.rb                                     with a small server in this process
#   ruby -Ilib examples/objects/run.rb https://s3.example.com my-bucket    lists a public bucket
require_relative "object_store"

if ARGV.size == 2
  InVFS.mount("/bucket", ObjectStore.new(*ARGV), cache: 60)
  puts Dir.children("/bucket").sort
  exit
end

require_relative "small_server"
server = SmallServer.new
InVFS.mount("/bucket", ObjectStore.new(server.endpoint, "bucket"), cache: 5)

File.write("/bucket/reports/may.csv", "day,visitors\n1,200\n2,300\n")
File.binwrite("/bucket/backup.bin", "0123456789abcdef" * 1_000_000)
puts Dir.glob("/bucket/**/*").sort
puts File.foreach("/bucket/reports/may.csv").drop(1)

server.take
puts IO.binread("/bucket/backup.bin", 4, 8_000_010)
p server.take.last
