# frozen_string_literal: true

module InVFS
  module RubyFileSystem
    # Stands between the native library and a file system.
    class Adapter
      # @param calls [ObjectCalls, BlockCalls]
      def initialize(calls)
        @calls = calls
      end

      # The native library calls this for each file operation.
      # @param question [Symbol] a method of Operation
      def call(question, arguments)
        Interruption.forget_what_was_caught
        Operation.new(Answers.new(@calls)).public_send(question, *arguments)
      end
    end
  end
end
