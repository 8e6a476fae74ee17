# frozen_string_literal: true

module InVFS
  module RubyFileSystem
    # Asks the block of InVFS.mount: as `|op, path, **options|`, or as `|op:, path:, **options|`.
    class BlockCalls
      # The keywords of what comes after the path.
      OPTIONS = { write: :contents, append: :contents, rename: :to }.freeze

      def initialize(block)
        @block = block
        kinds = block.parameters
        @by_keyword = kinds.any? { |kind, name| %i[key keyreq].include?(kind) && name == :op }
        @positions = kinds.count { |kind, _| %i[req opt].include?(kind) }
      end

      # Only a call can tell.
      def can?(_operation) = true

      def knows?(_operation) = false

      # nil and false say that the block does not know the operation.
      def change(operation, path, *more)
        answer = call(operation, path, more)
        raise Errno::ENOTSUP, "the block answered #{answer.inspect}" unless answer

        answer
      end

      def ask(operation, path) = call(operation, path, [])

      def max_size = nil

      private

      def call(operation, path, more)
        options = more.empty? ? {} : { OPTIONS.fetch(operation) => more.first }
        return @block.call(op: operation, path: path, **options) if @by_keyword
        return @block.call(operation, path, *more) if @positions > 2

        @block.call(operation, path, **options)
      end
    end
  end
end
