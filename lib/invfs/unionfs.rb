# frozen_string_literal: true

# Loads invfs. The file exists because invfs 0.3 loaded InVFS::UnionFS separately.
require "invfs"
