# frozen_string_literal: true

# Loads invfs. This name is from invfs 0.3, where InVFS::UnionFS was a part to be loaded on its own.
require "invfs"
