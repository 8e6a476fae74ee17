# frozen_string_literal: true

module InVFS
  # Finds and replaces strings in the result of `RubyVM::InstructionSequence#to_binary`.
  #
  # The binary begins with `struct ibf_header` (`compile.c`), native-endian 32-bit numbers: magic "YARB", major, minor,
  # size, extra size, number of sequences, number of objects, offset of the sequences, offset of the objects. The last
  # one points to a table of offsets. A string there is a byte of type and flags, its encoding and its length as small
  # values, and its bytes. Ruby 3.1 to 3.4 use this layout.
  #
  # @api private
  class InstructionBinary
    # The binary does not have the layout described above.
    class Strange < StandardError; end

    # A string: `slot` is the place of its offset in the table, `head` the bytes before its length.
    FoundString = Struct.new(:slot, :head, :text)

    MAGIC = "YARB"
    HEADER = 36
    SIZE_FIELD = 12
    T_STRING = 0x05
    TYPE_MASK = 0x1f
    SPECIAL_CONSTANT = 0x20
    private_constant :MAGIC, :HEADER, :SIZE_FIELD, :T_STRING, :TYPE_MASK, :SPECIAL_CONSTANT

    # @return [String] the binary
    attr_reader :bytes

    # @param bytes [String]
    # @raise [Strange]
    def initialize(bytes)
      @bytes = bytes.b
      magic, _major, _minor, size, extra, _sequences, @objects, _at, @table = @bytes.unpack("a4L8")
      return if magic == MAGIC && size == @bytes.bytesize && extra.zero? && @table + 4 * @objects <= size

      raise Strange, "Ruby's binary form is laid out in a way that is not known"
    end

    # The strings that contain `part`, each exactly once.
    # @param part [String] binary
    # @return [Array<FoundString>]
    # @raise [Strange] if `part` also occurs elsewhere, or twice in one string
    def strings_with(part)
      found = strings.select { |string| string.text.include?(part) }
      return found if found.size == @bytes.scan(part).size

      raise Strange, "#{part.inspect} is where it was not expected"
    end

    # Replaces `part` in every string, by appending new strings and pointing the table at them.
    # @return [void]
    def replace(part, other)
      strings_with(part).each do |string|
        text = string.text.sub(part) { other }
        @bytes[string.slot, 4] = [@bytes.bytesize].pack("L")
        @bytes << string.head << small_value(text.bytesize) << text
      end
      @bytes[SIZE_FIELD, 4] = [@bytes.bytesize].pack("L")
    end

    private

    def strings
      (0...@objects).filter_map do |number|
        slot = @table + 4 * number
        read_string(slot, @bytes.unpack1("L", offset: slot))
      end
    end

    def read_string(slot, at)
      type = @bytes.getbyte(at)
      return unless type && (type & TYPE_MASK) == T_STRING && (type & SPECIAL_CONSTANT).zero?

      _encoding, length_at = read_small_value(at + 1)
      length, text_at = read_small_value(length_at)
      raise Strange, "a string is cut off" if text_at + length > @bytes.bytesize

      FoundString.new(slot, @bytes[at...length_at], @bytes[text_at, length])
    end

    # Ruby's `ibf_load_small_value`: the trailing zero bits of the first byte tell how many bytes follow.
    # @return [Array(Integer, Integer)] the value, and the position after it
    def read_small_value(at)
      first = @bytes.getbyte(at) or raise Strange, "a number is cut off"
      more = first.zero? ? 8 : (first & -first).bit_length - 1
      value = more == 8 ? 0 : first >> (more + 1)
      @bytes[at + 1, more].each_byte { |byte| value = (value << 8) | byte }
      [value, at + 1 + more]
    end

    # Ruby's `ibf_dump_write_small_value`, for values that fit into four bytes.
    def small_value(value)
      more = (0..3).find { |count| value < 1 << (7 * (count + 1)) } or raise Strange, "a string is too long"
      first = (((value >> (8 * more)) << 1) | 1) << more
      [first, *(0...more).map { |index| (value >> (8 * (more - 1 - index))) & 0xff }].pack("C*")
    end
  end
end
