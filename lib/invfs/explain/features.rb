# frozen_string_literal: true

module InVFS
  class Explanation
    # What `$"` says about a name.
    class Features
      # @param directories [Array<String>] what `$:` stands for, absolute
      def initialize(directories)
        @directories = directories.to_h { |directory| [directory.b, true] }
      end

      # The element of `$"` that provides a name, as `rb_feature_p` finds it.
      # @return [Array(Integer, String), nil] its position and itself
      def provider(name)
        wanted = Names.wanted(name) or return
        base = wanted == :any ? name.b : Names.stem(name)
        $".each_with_index do |feature, at|
          kind = kind(feature.b, base)
          return [at, feature] if kind && (wanted == :any || wanted == kind)
        end
        nil
      end

      # @return [Array(Integer, String), nil] the element that is just this path
      def at(path)
        position = $".index { |feature| feature.b == path.b }
        position && [position, $"[position]]
      end

      private

      def kind(feature, base)
        rest = feature.start_with?(base) ? feature.byteslice(base.bytesize..) : nil
        return kind_of(rest) if rest && ["", ".rb", *Names::NATIVE].include?(rest)

        extension = Names.extension(feature)
        head = feature.delete_suffix(extension)
        return unless head.end_with?("/#{base}") && @directories[head.delete_suffix("/#{base}")]

        kind_of(extension)
      end

      def kind_of(extension)
        { "" => :any, ".rb" => :source }.fetch(extension, :native)
      end
    end
  end
end
