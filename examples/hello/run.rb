# frozen_string_literal: true

# Runs the library from an archive, as the README shows it:
#   cd examples/hello && zip -qr mybox.zip lib && ruby -I../../lib run.rb
require "invfs/zip"

$LOAD_PATH << "#{__dir__}/mybox.zip/lib"
require "mybox/core"
MyBox.sayhello!
