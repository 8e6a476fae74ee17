# frozen_string_literal: true

module InVFS
  module RubyFileSystem
    # Asks the block of InVFS.mount: as `|op, path, **options|`, or as `|op:, path:, **options|`.
    class BlockCalls
      # The keywords of what comes after the path.
      OPTIONS = {
        write: %i[contents], append: %i[contents], rename: %i[to], utime: %i[atime mtime], chmod: %i[mode],
        chown: %i[user group]
      }.freeze

      def initialize(block)
        @block = block
        kinds = block.parameters
        @by_keyword = kinds.any? { |kind, name| %i[key keyreq].include?(kind) && name == :op }
        @positions = kinds.count { |kind, _| %i[req opt].include?(kind) }
        @keywords = kinds.filter_map { |kind, name| name if %i[key keyreq].include?(kind) }
        @keywords = nil if @keywords.empty? || kinds.any? { |kind, _| kind == :keyrest }
      end

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

      def call(operation, path, more)
        options = more.empty? ? {} : OPTIONS.fetch(operation).zip(more).to_h
        return @block.call(op: operation, path: path, **options) if @by_keyword
        return @block.call(operation, path, *more) if @positions > 2

        @block.call(operation, path, **options)
      end
    end
  end
end
