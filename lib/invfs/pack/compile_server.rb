# frozen_string_literal: true

# The other process of InVFS::Pack::Compiler. Whoever started it is told of an interruption, too, and ends it.
trap("INT", "IGNORE")
require_relative "../../invfs"

require_relative "compiler"

InVFS::Pack.const_get(:Compiler).serve($stdin.binmode, $stdout.binmode)
