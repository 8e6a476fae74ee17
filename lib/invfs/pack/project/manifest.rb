# frozen_string_literal: true

module InVFS
  class Pack
    # The entry {OwnEntries::MANIFEST}, which tells `invfs run` how to start a program: a line for each fact,
    # `key value`. Reading it takes no library. docs/packing.md lists the keys.
    class Manifest
      def initialize
        @lines = []
      end

      # Adds facts; nil and false are none.
      # @param key [String]
      # @param values [Array<String>]
      # @raise [InVFS::PackError] for what does not fit on a line
      def add(key, *values)
        values.each do |value|
          next unless value

          raise PackError, "#{key} #{value.inspect}: it has a line break" if value.b.match?(/[\r\n]/n)

          @lines << "#{key} #{value}\n".b
        end
      end

      # @return [Tree::Item] the entry
      def item = Tree::Item.made(OwnEntries::MANIFEST, @lines.join)
    end
    private_constant :Manifest
  end
end
