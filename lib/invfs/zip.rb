# frozen_string_literal: true

# Makes paths of zip archives in $LOAD_PATH work (`$LOAD_PATH << "app.zip/lib"`) by registering the handler for them.
# Objects made by InVFS.zip need only `require "invfs"`.
require "invfs"

InVFS.register(InVFS::ZipFS) unless InVFS.handlers.include?(InVFS::ZipFS)
