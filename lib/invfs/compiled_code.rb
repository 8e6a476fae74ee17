# frozen_string_literal: true

require "zlib"
require_relative "instruction_binary"
require_relative "own_entries"

module InVFS
  private_constant :InstructionBinary

  # Compiled Ruby code for an archive. `invfs pack --compile` stores it, and loading uses it instead of compiling.
  #
  # Ruby's own binary form (`RubyVM::InstructionSequence#to_binary`) contains the path of the file. The file is compiled
  # under a placeholder, and stored with a list of the strings that contain it, so that loading can insert the true
  # path, wherever the archive lies. `ext/invfs/engine/src/compiled.rs` inserts it, and describes the layout of an
  # entry.
  #
  # Assumptions about Ruby's format are checked here, when packing: the entry is linked for another path and loaded, and
  # every path in it must have changed. If that fails, the file gets no compiled form, and its source is used.
  module CompiledCode
    PLACEHOLDER = "/\u0001invfs: the path of this file\u0001".b.freeze
    private_constant :PLACEHOLDER

    # The label of the code at the top of a file in backtraces: the one from `compile`, and the one from `require` and
    # `load`.
    LABEL = "<compiled>"
    LABEL_ON_DISK = "<top (required)>"
    private_constant :LABEL, :LABEL_ON_DISK

    # `ENCINDEX_UTF_8` as a small value.
    UTF8_INDEX = "\x03".b.freeze
    private_constant :UTF8_INDEX

    # The end of an entry: see compiled.rs.
    FOOTER = "L<5a8"
    VERSION = 1
    MAGIC = "INVFSISQ"
    private_constant :FOOTER, :VERSION, :MAGIC

    class << self
      # The name of this exact Ruby: version, patch level, platform, and a checksum of revision and compile options.
      # @return [String] usable as the name of a directory
      def key = InVFS.compiled_key

      # @param name [String] the name of a source file in the archive
      # @param key [String]
      # @return [String] the name of the entry with its compiled form
      def entry_name(name, key = self.key) = OwnEntries.compiled(name, key)

      # Compiles a file.
      # @param source [String] the contents of the file
      # @yieldparam reason [String] why there is no compiled form
      # @return [String, nil] the contents of the entry
      def build(source)
        binary = InstructionBinary.new(compile(source))
        # The label must not be a string of the program; then every string with the label is a label.
        binary.replace(LABEL, LABEL_ON_DISK) unless source.b.include?(LABEL)
        entry = pack(binary, source)
        reason = check(entry, source)
        return entry unless reason

        yield reason if block_given?
      rescue SyntaxError, InstructionBinary::Strange, EncodingError, ArgumentError => e
        yield e.message if block_given?
        nil
      end

      # Checks an entry: it was made from this source, in this layout, and this Ruby loads it with its path inserted.
      # @param entry [String] the contents of an entry made for {key}
      # @param source [String]
      # @return [String, nil] what is wrong with it
      def check(entry, source)
        path = "/another place/\u00e9/app.zip/lib/file.rb"
        linked = InVFS.link_compiled(entry, source, path)
        return "made from another source, or of another layout" unless linked

        strange = paths(RubyVM::InstructionSequence.load_from_binary(linked)).uniq - [path]
        "the path cannot be put into it" unless strange.empty?
      rescue StandardError => e
        "Ruby does not load it: #{e.message}"
      end

      private

      def compile(source)
        raise InstructionBinary::Strange, "the source contains the placeholder" if source.b.include?(PLACEHOLDER)

        # The same object twice, so that Ruby stores the path once.
        path = PLACEHOLDER.dup.force_encoding(Encoding::UTF_8).freeze
        verbose = $VERBOSE
        $VERBOSE = nil
        RubyVM::InstructionSequence.compile(source.dup.force_encoding(Encoding::UTF_8), path, path, 1).to_binary
      ensure
        $VERBOSE = verbose
      end

      def pack(binary, source)
        strings = binary.strings_with(PLACEHOLDER)
        # Any path can be UTF-8; the source of a regular expression, for instance, is US-ASCII if possible.
        others = strings.reject { |string| string.head.end_with?(UTF8_INDEX) }
        raise InstructionBinary::Strange, "the path stands in a string that is not UTF-8" if others.any?

        records = strings.map do |string|
          before, after = string.text.split(PLACEHOLDER, -1)
          [string.slot].pack("L<") + [string.head, before, after].map { |part| [part.bytesize].pack("L<") + part }.join
        end
        numbers = [binary.bytes.bytesize, records.size, Zlib.crc32(source), source.bytesize, VERSION]
        binary.bytes + records.join + [*numbers, MAGIC].pack(FOOTER)
      end

      def paths(iseq)
        found = [iseq.path, iseq.absolute_path]
        iseq.each_child { |child| found.concat(paths(child)) }
        found
      end
    end
  end
end
