# frozen_string_literal: true

module InVFS
  class Pack
    # Compiled code as entries of an archive: their names, and whether they belong to their source.
    module Compiled
      NAME = %r{\A\.invfs/([^/]+)/(.+)\.iseq\z}mn
      private_constant :NAME

      module_function

      # Whether a file of this name is compiled.
      def wanted?(name) = name.end_with?(".rb") && !name.start_with?(".invfs/")

      # The key of the Ruby and the name of the source, from the name of an entry with compiled code.
      # @return [Array(String, String), nil]
      def parse(name)
        match = NAME.match(name.b)
        match && [match[1], match[2]]
      end

      # The name of the entry, in binary like all names here.
      def entry_name(name)
        CompiledCode.entry_name("", CompiledCode.key).b.delete_suffix(".iseq") + name.b + ".iseq".b
      end

      # Whether compiled code, for any Ruby, was made from this source. Does not load it: that could crash.
      def made_from?(entry, source) = !InVFS.link_compiled(entry, source, "/").nil?
    end
    private_constant :Compiled
  end
end
