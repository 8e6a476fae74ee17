# frozen_string_literal: true

module InVFS
  module CLI
    # What a shared object in the ELF format needs: other libraries, and versions of symbols in them.
    class Elf
      LOAD = 1
      DYNAMIC = 2
      NEEDED = 1
      STRTAB = 5
      VERNEED = 0x6ffffffe
      VERNEEDNUM = 0x6fffffff
      private_constant :LOAD, :DYNAMIC, :NEEDED, :STRTAB, :VERNEED, :VERNEEDNUM

      # @return [Array<String>] the names of the libraries
      attr_reader :needed

      # @return [Array<String>] versions of symbols, such as GLIBC_2.34
      attr_reader :versions

      # @param bytes [String] the contents
      # @raise [ArgumentError] if they are damaged
      def initialize(bytes)
        @bytes = bytes.b
        raise ArgumentError, "no shared object" unless @bytes.start_with?("\x7FELF".b) && @bytes.bytesize > 64

        @wide = @bytes.getbyte(4) == 2
        @order = @bytes.getbyte(5) == 2 ? ">" : "<"
        @segments = segments
        read_dynamic
      end

      private

      def number(format, at)
        @bytes.unpack1(format, offset: at) || raise(ArgumentError, "it is cut off")
      end

      def short(at) = number("S#{@order}", at)
      def int(at) = number("L#{@order}", at)
      def word(at) = number("#{@wide ? "Q" : "L"}#{@order}", at)
      def width = @wide ? 8 : 4

      # The program headers: [type, offset, address, size].
      def segments
        start = word(@wide ? 32 : 28)
        size, count = short(@wide ? 54 : 42), short(@wide ? 56 : 44)
        Array.new(count) do |index|
          at = start + (index * size)
          fields = @wide ? [8, 16, 32] : [4, 8, 16]
          [int(at), *fields.map { |field| word(at + field) }]
        end
      end

      def read_dynamic
        @needed, @versions = [], []
        _, offset, _, size = @segments.find { |type, *| type == DYNAMIC }
        return unless offset

        places = offset.step(by: 2 * width).take(size / (2 * width))
        entries = places.map { |at| [word(at), word(at + width)] }.take_while { |tag, _| tag != 0 }
        facts = entries.to_h
        return unless facts[STRTAB]

        @strings = position(facts[STRTAB])
        @needed = entries.filter_map { |tag, value| string(value) if tag == NEEDED }
        read_versions(position(facts[VERNEED]), facts[VERNEEDNUM]) if facts[VERNEED]
      end

      # Where an address in memory lies in the file.
      def position(address)
        _, offset, start, = @segments.find do |type, _, from, size|
          type == LOAD && address.between?(from, from + size - 1)
        end
        offset ? offset + address - start : raise(ArgumentError, "an address leads nowhere")
      end

      def string(index) = @bytes.byteslice(@strings + index, 4096).to_s[/\A[^\0]*/n]

      def read_versions(at, count)
        count.to_i.times do
          read_auxiliaries(at + int(at + 8), short(at + 2))
          at += int(at + 12)
        end
      end

      def read_auxiliaries(at, count)
        count.times do
          @versions << string(int(at + 8))
          at += int(at + 12)
        end
      end
    end
    private_constant :Elf
  end
end
