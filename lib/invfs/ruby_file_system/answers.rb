# frozen_string_literal: true

module InVFS
  module RubyFileSystem
    # The answers of a file system during one file operation: nothing is asked twice.
    class Answers
      # @param calls [ObjectCalls, BlockCalls]
      # @param cache [Cache, nil] what counts for longer
      def initialize(calls, cache)
        @calls = calls
        @cache = cache
        @known = {}
      end

      def can?(operation) = @calls.can?(operation)
      def knows?(operation) = @calls.knows?(operation)
      def max_size = @calls.max_size
      def reads_parts? = @calls.reads_parts?
      def reads_whole? = @calls.reads_whole?
      def writes_from? = @calls.writes_from?
      def read_part(path, offset, length) = @calls.read_part(path, offset, length)

      def ask(operation, path)
        known = (@known[operation] ||= {})
        known.fetch(path) { known[path] = asked(operation, path) }
      end

      def change(operation, path, *more)
        @known.clear
        @calls.change(operation, path, *more)
      ensure
        @cache&.clear
      end

      private

      def asked(operation, path)
        return @calls.ask(operation, path) unless @cache

        @cache.fetch(operation, path) { @calls.ask(operation, path) }
      end
    end
  end
end
