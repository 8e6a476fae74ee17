# frozen_string_literal: true

module InVFS
  class Pack
    # What stands in shared objects for debuggers alone. Distributions leave it out; in a Ruby that was built on the
    # spot, it is larger than all the rest.
    module DebugInformation
      # The beginning of an ELF file of 64 bits, whose numbers have their lowest byte first.
      MAGIC = "\x7FELF\x02\x01".b.freeze
      private_constant :MAGIC

      class << self
        # Removes it from a file that is to be packed.
        # @param item [Tree::Item]
        def remove(item)
          contents = item.read
          return unless contents.start_with?(MAGIC) && sections(contents).include?("\0.symtab\0")

          item.contents = mapped(contents)
          item.bytes = item.contents.bytesize
        end

        private

        # The names of all sections.
        def sections(contents)
          table, size, index = numbers(contents, 40, "Q<") + numbers(contents, 58, "S<x2S<")
          place, length = numbers(contents, table + (size * index) + 24, "Q<Q<")
          contents[place, length].to_s
        end

        # What the loader of the system maps. It needs no list of sections.
        def mapped(contents)
          table, size, count = numbers(contents, 32, "Q<") + numbers(contents, 54, "S<S<")
          ends = Array.new(count) { |index| numbers(contents, table + (size * index) + 8, "Q<x16Q<").sum }
          mapped = contents[0, ends.max]
          mapped[40, 8] = "\0" * 8
          mapped[58, 6] = "\0" * 6
          mapped
        end

        # Zeros where the file ends before.
        def numbers(contents, at, format) = contents[at, 40].to_s.ljust(40, "\0").unpack(format)
      end
    end
    private_constant :DebugInformation
  end
end
