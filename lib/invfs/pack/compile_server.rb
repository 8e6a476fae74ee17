# frozen_string_literal: true

# The child process of InVFS::Pack::Compiler. An interruption also reaches its parent, which ends it.
trap("INT", "IGNORE")
require_relative "../../invfs"

require_relative "compiler"

InVFS::Pack.const_get(:Compiler).serve($stdin.binmode, $stdout.binmode)
