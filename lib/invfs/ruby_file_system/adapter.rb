# frozen_string_literal: true

module InVFS
  module RubyFileSystem
    # Stands between the native library and a file system.
    class Adapter
      # @param calls [ObjectCalls, BlockCalls]
      # @param seconds [Numeric, nil] how long answers of `stat` and `list` count
      def initialize(calls, seconds)
        @calls = calls
        @cache = Cache.new(seconds) if seconds
      end

      # The native library calls this for each file operation.
      # @param question [Symbol] a method of Operation
      def call(question, arguments)
        Interruption.forget_what_was_caught
        Operation.new(Answers.new(@calls, @cache)).public_send(question, *arguments)
      end
    end
  end
end
