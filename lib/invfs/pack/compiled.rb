# frozen_string_literal: true

module InVFS
  class Pack
    # Compiled code as entries of an archive: which files have some, and whether it belongs to its source.
    module Compiled
      module_function

      # Whether a file of this name is compiled.
      def wanted?(name) = name.end_with?(".rb") && !OwnEntries.own?(name)

      # The name of the entry with the form for this Ruby, in binary like all names here.
      def entry_name(name) = OwnEntries.compiled(name, CompiledCode.key)

      # The name of the entry with the form of a file on disk.
      def library_name(path, source) = OwnEntries.library(path, source, CompiledCode.key)

      # Whether compiled code, for any Ruby, was made from this source. Does not load it: that could crash.
      def made_from?(entry, source) = !InVFS.link_compiled(entry, source, "/").nil?
    end
    private_constant :Compiled
  end
end
