# frozen_string_literal: true

# Registers the handler for zip archives, so that their paths work in $LOAD_PATH (`$LOAD_PATH << "app.zip/lib"`).
# Objects made by InVFS.zip need only `require "invfs"`.
require "invfs"

InVFS.register(InVFS::ZipFS) unless InVFS.handlers.include?(InVFS::ZipFS)
