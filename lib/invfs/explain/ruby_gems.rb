# frozen_string_literal: true

module InVFS
  class Explanation
    # What RubyGems would do for a name that nothing else provides.
    module RubyGems
      class << self
        # The gem that RubyGems activates before any search on disk: the newer version of a default gem.
        # @return [Array(String, String), nil] the gem's full name, and the file in it
        def first(name)
          return unless available? && (default = Gem.find_unresolved_default_spec(name))

          chosen = Gem::Dependency.new(default.name, Gem::Requirement.default_prerelease).to_spec
          chosen.default_gem? ? nil : in_gem(chosen, name)
        rescue Gem::LoadError
          # Activating it would fail, and RubyGems continues without it.
          nil
        end

        # The gem that RubyGems activates when nothing was found.
        def last(name)
          return unless available? && (spec = Gem::Specification.find_by_path(name))

          in_gem(spec, name)
        end

        def available? = defined?(Gem::Specification) && Kernel.private_method_defined?(:gem_original_require)

        private

        def in_gem(spec, name)
          files = spec.full_require_paths.product(Located.file_names(name)).map { |parts| File.join(parts) }
          file = files.find { |path| File.file?(path) }
          file && [spec.full_name, file]
        end
      end
    end
  end
end
