# frozen_string_literal: true

module InVFS
  module RubyFileSystem
    # Makes `[directory?, size, mode, seconds, nanoseconds]` from the answer of `stat`.
    module Status
      TYPES = { file: false, "file" => false, directory: true, "directory" => true }.freeze
      KEYS = %i[type size mtime mode].freeze
      SECONDS = -(1 << 62)..(1 << 62)

      module_function

      def directory(mtime: 0, mode: nil)
        [true, 0, mode || 0o755, *time(mtime)]
      end

      def file(size, mtime: 0, mode: nil)
        [false, size, mode || 0o644, *time(mtime)]
      end

      # A Hash with only the keys of KEYS, from any answer that a method may give.
      def hash(answer)
        case answer
        when true then {}
        when Symbol then { type: answer }
        when File::Stat then { type: answer.ftype, size: answer.size, mtime: answer.mtime, mode: answer.mode & 0o7777 }
        when Hash then answer.transform_keys { |key| key.is_a?(String) ? key.to_sym : key }
        else raise TypeError, "stat answered #{answer.class} instead of a Hash"
        end.slice(*KEYS).compact
      end

      # Whether that is a directory; nil if the answer does not say.
      def directory?(hash)
        return nil unless hash.key?(:type)

        TYPES.fetch(hash[:type]) { raise TypeError, "stat answered the type #{hash[:type].inspect[0, 100]}" }
      end

      def size(value)
        return value if value.is_a?(Integer) && value.between?(0, (1 << 63) - 1)

        raise TypeError, "stat answered the size #{value.inspect[0, 100]}"
      end

      def mode(value)
        return nil if value.nil?
        return value & 0o7777 if value.is_a?(Integer)

        raise TypeError, "stat answered the mode #{value.inspect[0, 100]}"
      end

      def time(value)
        case value
        when Time then pair = [value.to_i, value.nsec]
        when Integer then pair = [value, 0]
        when Numeric then pair = [value.floor, ((value % 1) * 1_000_000_000).floor]
        else raise TypeError, "stat answered the time #{value.inspect[0, 100]}"
        end
        raise RangeError, "stat answered a time that no file has" unless SECONDS.cover?(pair.first)

        pair
      end
    end
  end
end
