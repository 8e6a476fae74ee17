# frozen_string_literal: true

module InVFS
  class Pack
    # A Gemfile and a lockfile for the gems in the archive, for programs that call Bundler when they start. To these
    # files every gem is an ordinary one, wherever the project has it from.
    module Bundle
      DIRECTORY = "gems/bundle"

      class << self
        # @param gems [Array<PackedGem>]
        # @param resolution [Resolution]
        # @return [Array<Tree::Item>]
        def items(gems, resolution)
          versions = (gems.map { |gem| [gem.name, gem.version] } +
                      resolution.rubys.map { |facts| facts.values_at(:name, :version) }).sort
          gemfile = gemfile(resolution.wanted, gems.to_h { |gem| [gem.name, gem.version] })
          needs = gems.to_h { |gem| [gem.name, gem.needs] }
          lockfile = lockfile(versions, needs, resolution)
          [Tree::Item.made("#{DIRECTORY}/Gemfile", gemfile), Tree::Item.made("#{DIRECTORY}/Gemfile.lock", lockfile)]
        end

        private

        def gemfile(wanted, versions)
          lines = wanted.map do |gem|
            version, required = versions[gem[:name]], gem[:require]
            ["gem #{gem[:name].dump}", version && "= #{version}".dump, required && "require: #{required.inspect}",
             "groups: #{gem[:groups].map(&:to_sym).inspect}"].compact.join(", ")
          end
          "source \"https://rubygems.org\"\n#{lines.join("\n")}\n"
        end

        def lockfile(versions, needs, resolution)
          known = versions.to_h
          specs = versions.map do |name, version|
            lines = needs.fetch(name, []).select { |needed, _| known.key?(needed) || needed == "bundler" }.sort
            "    #{name} (#{version})\n#{lines.map { |needed, what| "      #{dependency(needed, what)}\n" }.join}"
          end
          wanted = resolution.wanted.map { |gem| gem[:name] }.sort.map do |name|
            pinned = needs.key?(name) ? "= #{known[name]}" : ">= 0"
            "  #{dependency(name, pinned)}\n"
          end
          platforms = ["ruby", resolution.place[%r{\A[^/]+}]].map { |name| "  #{name}\n" }
          "GEM\n  remote: https://rubygems.org/\n  specs:\n#{specs.join}\nPLATFORMS\n#{platforms.join}\n" \
            "DEPENDENCIES\n#{wanted.join}\nBUNDLED WITH\n   #{resolution.bundler[:version]}\n"
        end

        def dependency(name, requirement)
          requirement == ">= 0" ? name : "#{name} (#{requirement.split(", ").sort.reverse.join(", ")})"
        end
      end
    end
    private_constant :Bundle
  end
end
