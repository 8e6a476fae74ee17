# frozen_string_literal: true

module InVFS
  class Pack
    # A lockfile in which every gem is an ordinary one.
    class Lockfile
      # @param gems [Array<PackedGem>]
      # @param resolution [Resolution]
      def initialize(gems, resolution)
        rubys = resolution.rubys.map { |facts| PackedGem.new(facts, "", resolution.place) }
        @gems = gems.map(&:name)
        @all = (gems + rubys).sort_by(&:name)
        @wanted = resolution.wanted.map { |gem| gem[:name] }.sort
        @here = resolution.place[%r{\A[^/]+}]
        @bundler = resolution.bundler[:version]
      end

      def to_s
        <<~TEXT
          GEM
            remote: https://rubygems.org/
            specs:
          #{specs.join}
          PLATFORMS
          #{platforms.map { |name| "  #{name}\n" }.join}
          DEPENDENCIES
          #{@wanted.map { |name| "  #{dependency(name, pinned(name))}\n" }.join}
          BUNDLED WITH
             #{@bundler}
        TEXT
      end

      private

      def specs
        known = @all.map(&:name) << "bundler"
        @all.map do |gem|
          needs = gem.needs.select { |name, _| known.include?(name) }.sort
          needs = needs.map { |name, requirement| "      #{dependency(name, requirement)}\n" }
          "    #{gem.name} (#{[gem.version, gem.platform].compact.join("-")})\n#{needs.join}"
        end
      end

      # A gem that was built for one platform is there for no other.
      def platforms
        built = @all.filter_map(&:platform)
        [*("ruby" if built.empty?), *built, @here].uniq
      end

      def pinned(name) = @gems.include?(name) ? "= #{@all.find { |gem| gem.name == name }.version}" : ">= 0"

      # As Bundler writes it.
      def dependency(name, requirement)
        requirement == ">= 0" ? name : "#{name} (#{requirement.split(", ").sort.reverse.join(", ")})"
      end
    end
    private_constant :Lockfile
  end
end
