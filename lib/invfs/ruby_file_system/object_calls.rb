# frozen_string_literal: true

module InVFS
  module RubyFileSystem
    # Calls the methods of an object.
    class ObjectCalls
      # An object with one of these methods is a file system.
      TELLING = { read: 1, list: 1, stat: 1, write: 2, write_from: 2 }.freeze

      # nil if the object has none of the methods. An open file and a path have some, but are not file systems.
      def self.of(object)
        return new(object) if object.is_a?(Base)
        return nil if [IO, String, Module].any? { |type| object.is_a?(type) } || object.respond_to?(:to_path)

        new(object) if TELLING.any? { |method, count| takes?(object, method, count) } || takes?(object, :read, 3)
      end

      def self.takes?(object, method, count)
        return false unless object.respond_to?(method)

        arity = object.method(method).arity
        arity.negative? ? -arity - 1 <= count : arity == count
      end
      private_class_method :takes?

      def initialize(object)
        @object = object
        kinds = object.respond_to?(:read) ? object.method(:read).parameters.map(&:first) : []
        # `read(path, *)` takes more, but says nothing about what that means.
        @parts = kinds.count { |kind| %i[req opt].include?(kind) } > 2
        @whole = kinds.count(:req) < 2
      end

      # Whether `read` takes an offset and a length.
      def reads_parts? = @parts

      # Whether `read` takes a path alone.
      def reads_whole? = @whole

      # Whether it reads what was written from an IO.
      def writes_from? = can?(:write_from)

      def read_part(path, offset, length) = @object.read(path, offset, length)

      # Whether it has the method.
      def can?(operation) = @object.respond_to?(operation)

      # Whether that is known without calling it.
      def knows?(_operation) = true

      # Whether what it answers to a change says if that was done.
      def change(operation, path, *more)
        raise Unknown, "no method #{operation}" unless can?(operation)

        @object.public_send(operation, path, *more)
      end

      def ask(operation, path)
        @object.public_send(operation, path) if can?(operation)
      end

      def max_size
        @object.respond_to?(:max_size) ? @object.max_size : nil
      end
    end
  end
end
