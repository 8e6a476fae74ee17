# frozen_string_literal: true

module InVFS
  module RubyFileSystem
    # The answers of a file system during one file operation: nothing is asked twice.
    class Answers
      # @param calls [ObjectCalls, BlockCalls]
      def initialize(calls)
        @calls = calls
        @known = {}
      end

      def can?(operation) = @calls.can?(operation)
      def knows?(operation) = @calls.knows?(operation)
      def max_size = @calls.max_size
      def reads_parts? = @calls.reads_parts?
      def reads_whole? = @calls.reads_whole?
      def read_part(path, offset, length) = @calls.read_part(path, offset, length)

      def ask(operation, path)
        known = (@known[operation] ||= {})
        known.fetch(path) { known[path] = @calls.ask(operation, path) }
      end

      def change(operation, path, *more)
        @known.clear
        @calls.change(operation, path, *more)
      end
    end
  end
end
