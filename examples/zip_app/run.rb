# frozen_string_literal: true

# Runs an application that is one archive. Make the archive and run it:
#   cd examples/zip_app/app && zip -qr /tmp/app.zip . && cd -
#   ruby -Ilib examples/zip_app/run.rb /tmp/app.zip tea milk tea
require "invfs/zip"

archive = File.expand_path(ARGV.shift || abort("usage: run.rb ARCHIVE [ARGUMENT...]"))
abort "#{archive} is no zip archive" unless File.file?(archive) && InVFS::ZipFS.probe(archive)

$LOAD_PATH.unshift("#{archive}/lib")
load "#{archive}/main.rb"
