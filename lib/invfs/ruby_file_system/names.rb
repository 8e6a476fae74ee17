# frozen_string_literal: true

module InVFS
  module RubyFileSystem
    # Checks the names that `list` answered.
    module Names
      # An enumerator with more names counts as endless.
      LIMIT = 1_100_000
      LONGEST = 255

      module_function

      # @param answer [Enumerable<String, Array>] names; directories end with "/", or come as `[name, :directory]`
      # @yield [name] whether a name is a directory; asked if no name says so itself
      # @return [Array] name, whether it is a directory, name, …
      def check(answer, path)
        unless answer.respond_to?(:each) && !answer.is_a?(Hash)
          raise TypeError, "list answered #{answer.class} instead of names"
        end

        found = collect(answer, path)
        said = found.any? { |_, kind| kind }
        flat = []
        found.each { |name, kind| flat << name << (said ? kind == :directory : yield(name)) }
        flat
      end

      def collect(answer, path)
        found = {}
        count = 0
        answer.each do |element|
          raise Errno::EOVERFLOW, "list answered more than #{LIMIT} names" if (count += 1) > LIMIT

          name, kind = element
          bytes = name.is_a?(String) ? name.b : +""
          kind = :directory if bytes.delete_suffix!("/")
          next found[bytes.freeze] = kind if usable?(bytes)

          RubyFileSystem.complain("list #{path}: #{name.inspect[0, 100]} is no name")
        end
        found
      end

      def usable?(bytes)
        return false if bytes == "." || bytes == ".." || !bytes.bytesize.between?(1, LONGEST)

        !bytes.include?("/") && !bytes.include?("\0")
      end
    end
  end
end
