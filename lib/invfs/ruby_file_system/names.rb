# frozen_string_literal: true

module InVFS
  module RubyFileSystem
    # What `list` answered, as an Array; the native library looks at the names.
    module Names
      # An enumerator with more names counts as endless.
      LIMIT = 1_100_000

      # @param answer [Enumerable<String, Array>]
      # @return [Array]
      def self.array(answer)
        unless answer.respond_to?(:each) && !answer.is_a?(Hash)
          raise TypeError, "list answered #{answer.class} instead of names"
        end

        all = answer.is_a?(Array) ? answer : collect(answer)
        raise Errno::EOVERFLOW, "list answered more than #{LIMIT} names" if all.size > LIMIT

        all
      end

      def self.collect(answer)
        all = []
        answer.each do |element|
          all << element
          break if all.size > LIMIT
        end
        all
      end
      private_class_method :collect
    end
  end
end
