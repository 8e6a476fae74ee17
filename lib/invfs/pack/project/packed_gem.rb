# frozen_string_literal: true

module InVFS
  class Pack
    # A gem in the archive: its files in gems/gems, its specification in gems/specifications, what was compiled for it
    # in gems/extensions, as RubyGems lays them out.
    class PackedGem
      # What only building and testing need, and what is left over from building.
      UNNEEDED = %w[/.git /.github /test /tests /spec /features /ports *.o mkmf.log gem_make.out
                    ext/**/*.{c,h,cc,cpp,hpp,rs,java} ext/**/target].freeze
      private_constant :UNNEEDED

      # @return [String] its name, its version, and both together with the platform
      attr_reader :name, :version, :full_name

      # @return [String] its directory in the archive
      attr_reader :directory

      # @param facts [Hash] as {GemFacts} has them
      # @param home [String] the directory in the archive that is laid out like a GEM_HOME
      # @param place [String] the platform and the version of the interface, for extensions: x86_64-linux/3.1.0
      # @param globs [Hash] :exclude, :include
      def initialize(facts, home, place, exclude: [], include: [])
        @facts = facts
        @name, @version, @full_name = facts.values_at(:name, :version, :full_name)
        @directory = "#{home}/gems/#{@full_name}"
        @specification = "#{home}/specifications/#{@full_name}.gemspec"
        @extensions = "#{home}/extensions/#{place}/#{@full_name}"
        @exclude, @include = Globs.of(exclude), Globs.of(include)
        @unneeded = Globs.of(UNNEEDED.reject { |glob| facts[:require_paths].include?(glob.delete_prefix("/")) })
      end

      # @return [Array<Tree::Item>]
      def items = @items ||= [*files, Tree::Item.made(@specification, @facts[:specification]), *extensions]

      # @return [Array<String>] the directories of the archive for the load path
      def load_path
        paths = @facts[:require_paths].map { |path| path == "." ? @directory : "#{@directory}/#{path}" }
        paths << @extensions if @facts[:extensions]
        paths.select { |path| items.any? { |item| item.name.start_with?("#{path}/".b) } }
      end

      # @return [Hash{String => String}] the names of its executables, and the scripts in the archive
      def commands
        scripts = @facts[:executables].to_h { |name| [name, "#{@directory}/#{@facts[:bindir]}/#{name}"] }
        scripts.select { |_, script| items.any? { |item| item.name == script.b } }
      end

      # @return [String, nil] the platform that it was built for; nil: any
      def platform = (@facts[:platform] unless @facts[:platform] == "ruby")

      # @return [Array(String, String)] the names of the gems that it needs, and their versions
      def needs = @facts[:needs]

      private

      def files
        found = @facts[:directory] ? walk(@facts[:directory]) { |name, inside| @unneeded.match?(name, inside) } : {}
        found = @facts[:files].reject { |name, _| name.start_with?("/", "../") }.merge(found)
        found = found.reject { |name, _| left_out?(name.b) }
        found.map { |name, path| Tree::Item.file("#{@directory}/#{name}".b, path) }
      end

      def left_out?(name)
        with_parents = name.split("/").inject([]) { |all, part| all << [all.last, part].compact.join("/") }
        match = ->(globs) { with_parents.any? { |path| globs.match?(path, path != name) } }
        match[@exclude] || !(@include.empty? || match[@include])
      end

      # RubyGems loads a gem with extensions only if it finds this file.
      def extensions
        found = @facts[:extensions] ? walk(@facts[:extensions]) { |name, _| name.match?(/\.(o|out|log)\z/n) } : {}
        items = found.map { |name, path| Tree::Item.file("#{@extensions}/#{name}".b, path) }
        complete = "#{@extensions}/gem.build_complete".b
        items << Tree::Item.made(complete, "") if @facts[:builds] && items.none? { |item| item.name == complete }
        items
      end

      # All files below a directory, name => path. Follows links, as gems of Debian consist of them; the block says what
      # to leave out.
      def walk(directory, prefix = "".b, above = [File.realpath(directory)], &unneeded)
        Dir.children(directory, encoding: Encoding::BINARY).sort.inject({}) do |found, base|
          name, path = prefix + base, "#{directory}/#{base}".b
          inside = File.directory?(path)
          next found if yield(name, inside)
          next File.file?(path) ? found.merge!(name => path) : found unless inside

          real = File.realpath(path)
          above.include?(real) ? found : found.merge!(walk(path, "#{name}/".b, above + [real], &unneeded))
        end
      end
    end
    private_constant :PackedGem
  end
end
