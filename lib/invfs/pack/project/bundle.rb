# frozen_string_literal: true

require_relative "lockfile"

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
          gemfile = gemfile(resolution.wanted, gems.to_h { |gem| [gem.name, gem.version] })
          { "Gemfile" => gemfile, "Gemfile.lock" => Lockfile.new(gems, resolution).to_s }
            .map { |name, contents| Tree::Item.made("#{DIRECTORY}/#{name}", contents) }
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
      end
    end
    private_constant :Bundle
  end
end
