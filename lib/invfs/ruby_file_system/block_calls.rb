# frozen_string_literal: true

module InVFS
  module RubyFileSystem
    # Asks the block of InVFS.mount: as `|op, path, **options|`, or as `|op:, path:, **options|`.
    class BlockCalls
      # The keywords of what comes after the path.
      OPTIONS = {
        write: %i[contents], append: %i[contents], rename: %i[to], utime: %i[atime mtime], chmod: %i[mode],
        chown: %i[user group], read_part: %i[offset length], write_from: %i[io]
      }.freeze
      # The operation that a block gets for another.
      PLAIN = { write_from: :write }.freeze

      def initialize(block)
        @block = block
        kinds = block.parameters
        @by_keyword = kinds.any? { |kind, name| %i[key keyreq].include?(kind) && name == :op }
        @positions = kinds.count { |kind, _| %i[req opt].include?(kind) }
        @keywords = kinds.filter_map { |kind, name| name if %i[key keyreq].include?(kind) }
        @parts = (OPTIONS[:read_part] - @keywords).empty?
        @writes_from = @keywords.include?(:io)
        @whole = kinds.none? { |kind, name| kind == :keyreq && name == :offset }
        @keywords = nil if @keywords.empty? || kinds.any? { |kind, _| kind == :keyrest }
      end

      # Whether the block names `offset:` and `length:`.
      def reads_parts? = @parts

      def reads_whole? = @whole

      # Whether the block names `io:`.
      def writes_from? = @writes_from

      def read_part(path, offset, length) = call(:read, path, [offset, length], OPTIONS[:read_part])

      # Only a call can tell.
      def can?(_operation) = true

      def knows?(_operation) = false

      # nil and false say that the block does not know the operation.
      def change(operation, path, *more)
        keywords = OPTIONS.fetch(operation, [])
        raise Unknown, "the block does not take #{keywords.join(", ")}" if @keywords && (keywords - @keywords).any?

        answer = call(operation, path, more)
        raise Unknown, "the block answered #{answer.inspect}" unless answer

        answer
      end

      def ask(operation, path) = call(operation, path, [])

      def max_size = nil

      private

      def call(operation, path, more, names = OPTIONS.fetch(operation, []))
        options = more.empty? ? {} : names.zip(more).to_h
        operation = PLAIN.fetch(operation, operation)
        return @block.call(op: operation, path: path, **options) if @by_keyword
        return @block.call(operation, path, *more) if @positions > 2

        @block.call(operation, path, **options)
      end
    end
  end
end
