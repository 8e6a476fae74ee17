# frozen_string_literal: true

module InVFS
  module RubyFileSystem
    # Answers of `stat` and `list` that count for some time. A change that is made through the mount ends it.
    class Cache
      # What is asked again only later.
      OPERATIONS = %i[stat list].freeze
      # So many answers are kept.
      MOST = 10_000
      private_constant :OPERATIONS, :MOST

      # @param seconds [Numeric]
      def initialize(seconds)
        @seconds = seconds
        clear
      end

      # @yieldreturn the answer of the file system, if none is known
      def fetch(operation, path)
        return yield unless OPERATIONS.include?(operation)

        known, until_then = @answers.dig(operation, path)
        return known if until_then && now < until_then

        answers = @answers
        answer = keepable(yield)
        # Unless something has changed meanwhile.
        keep(operation, path, answer) if answers.equal?(@answers)
        answer
      end

      def clear
        @answers = OPERATIONS.to_h { |operation| [operation, {}] }
        nil
      end

      private

      def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

      def keep(operation, path, answer)
        clear if @answers.sum { |_, known| known.size } >= MOST
        @answers[operation][path] = [answer, now + @seconds]
      end

      # An enumerator may be good for once.
      def keepable(answer)
        return answer if answer.is_a?(Hash) || answer.is_a?(Array) || !answer.respond_to?(:each)

        Names.array(answer)
      end
    end
  end
end
