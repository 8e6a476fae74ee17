# frozen_string_literal: true

module InVFS
  class Explanation
    # What a feature is called, and which files may provide it: the rules of `search_required` in Ruby's load.c, which
    # the native side has in feature_name.rs.
    module Names
      # Without rbconfig: where `$:` is broken, it cannot be loaded.
      DLEXT = RUBY_PLATFORM.include?("darwin") ? ".bundle" : ".so"
      NATIVE = [".so", ".o", DLEXT].uniq.freeze

      module_function

      # The last extension with its dot, or "".
      def extension(name) = name.b[%r{\.[^./]*\z}n] || ""

      # @return [Symbol, nil] `:any`, `:source`, `:native`; nil with an extension that means nothing to Ruby
      def wanted(name)
        case extension(name)
        when "" then :any
        when ".rb" then :source
        when *NATIVE then :native
        end
      end

      def stem(name) = name.b.delete_suffix(extension(name))

      # The file names to look for, in order.
      def candidates(name)
        case wanted(name)
        when :source then [name]
        when :native then [stem(name) + DLEXT, "#{name}.rb", name + DLEXT].uniq
        else ["#{name}.rb", name + DLEXT]
        end
      end

      # Whether it is a path, for which `$:` is not searched.
      def explicit?(name) = name.b.match?(%r{\A(?:[/~]|\.\.?/)}n)
    end
  end
end
