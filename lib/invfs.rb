# frozen_string_literal: true

# The entry point of the gem. InVFS is native code: loading it defines the classes and patches require, require_relative
# and load.

# Lets `require` and its relatives load code from anything that holds files: zip archives, hashes, directories laid over
# each other, and your own objects.
#
#   require "invfs/zip"
#   $LOAD_PATH << "mybox.zip/lib"
#   require "mybox/core"
module InVFS
  autoload :LoadWrapped, "#{__dir__}/invfs/load_wrapped.rb"
  autoload :CompiledCode, "#{__dir__}/invfs/compiled_code.rb"
  autoload :BootsnapFallback, "#{__dir__}/invfs/bootsnap_fallback.rb"
  autoload :Explanation, "#{__dir__}/invfs/explain.rb"
  autoload :Base, "#{__dir__}/invfs/base.rb"
  autoload :RubyFileSystem, "#{__dir__}/invfs/ruby_file_system.rb"
  autoload :Extract, "#{__dir__}/invfs/extract.rb"
  autoload :Children, "#{__dir__}/invfs/children.rb"
  private_constant :LoadWrapped, :BootsnapFallback, :Extract, :RubyFileSystem, :Children
end

# A second copy of the gem (in a checkout, or activated later by RubyGems) must not patch require again.
unless defined?(InVFS::ZipFS)
  require_relative "invfs/version"
  require_relative "invfs/error"
  require_relative "invfs/native"
  require_relative "invfs/on_demand"
end
