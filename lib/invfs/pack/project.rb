# frozen_string_literal: true

module InVFS
  class Pack
    # A project to pack. What it is, it finds out from its path. docs/packing.md describes it.
    class Project < Pack
      # The groups of a Gemfile that are not packed.
      WITHOUT = %w[development test].freeze

      # What a program that is finished does not need from the directory of its project.
      UNNEEDED = %w[/.bundle /vendor/bundle /vendor/cache /node_modules /coverage /log /tmp /test /spec /features
                    /.github *.gem].freeze

      # The directory of the archive with the files of a project that has gems, and that with the gems.
      TREE = "app"
      GEMS = "gems"
      private_constant :UNNEEDED, :TREE, :GEMS

      # @param path [String]
      # @param add [Array<String>] files and directories that go with a script
      # @param without [Array<String>] groups of a Gemfile that are not packed
      # @param start [Symbol, nil] who finds the gems when the program starts: `:flat` (nobody, the load path is in the
      #   archive), `:rubygems` or `:bundler`; nil: Bundler if the program calls it, else nobody
      # @param main [String, nil] the script that `invfs run` runs, or the name of an executable
      # @param writable [Boolean, nil] whether the program writes into its directory; nil: if it is one for Rails
      # @param chdir [Boolean, nil] whether it runs in its directory; nil: if it is one for Rails or a Rack server
      # @param environment [Hash{String => String}] variables that it gets, where the user has not set them
      # @param tree [Boolean] pack a directory as it is, whatever is in it
      # @param options as for {Pack#initialize}
      # @raise [InVFS::PackError, Errno::ENOENT] if it is no project
      def initialize(path, add: [], without: WITHOUT, start: nil, main: nil, writable: nil, chdir: nil, environment: {},
                     tree: false, **options)
        @found = Recognition.new(path, tree: tree)
        super(@found.directory, **options)
        @add, @without, @start, @wanted_main = add, without, start, main
        @wishes = { writable: writable, chdir: chdir, environment: environment }
        wrong = "--add is for scripts" if add.any? && @found.kind != :script
        wrong = "it has no gems, so --#{start} means nothing" if start && !@found.gems?
        raise PackError, "#{path} is #{@found}: #{wrong}" if wrong
      end

      # @return [String] what the project was taken for
      def description = @found.to_s

      # @return [String] the name of an archive for it, without the ending; empty for the root directory
      def name = @found.name

      # @return [String, nil] after packing or planning: the main script in the archive
      attr_reader :main_script

      # @return [Array<String>] after packing or planning: the names and versions of the gems
      def gems = (@gems || []).map(&:full_name)

      # @return [Symbol] after packing or planning: `:flat`, `:rubygems` or `:bundler`
      attr_reader :start

      # @return [Boolean] whether `invfs run` knows what to start, as far as it depends on the project
      def starts? = @main_script || @found.kind == :directory

      private

      def with_contents(archive)
        return yield(contents(archive, nil)) unless @found.gems?

        Resolution.open(@found, @without) { |resolution| yield contents(archive, resolution) }
      end

      def contents(archive, resolution)
        tree = files(archive)
        @gems = resolution ? packed_gems(resolution) : []
        own = @gems.find { |gem| gem.name == resolution&.own }
        items = tree.items + @gems.flat_map(&:items)
        points = EntryPoints.new(items, @gems, own, own ? nil : prefix)
        @main_script = main(points)
        choose_start(items, resolution)
        items += bundle(resolution) if @start == :bundler
        items += manifest(points, own, items, resolution)
        Contents.new(items.sort_by(&:name), tree.left_out)
      end

      # What is packed, like a Tree.
      Contents = Struct.new(:items, :left_out)
      private_constant :Contents

      # Gems are in a directory of their own, so the files of the project have one, too.
      def prefix = @found.kind == :gemfile ? TREE : ""

      def files(archive)
        case @found.kind
        when :script then Script.new(@found.path, @add, @rules)
        when :directory then tree(archive)
        when :gemfile then tree(archive, unneeded: UNNEEDED).tap { |tree| move(tree.items) }
        else Contents.new([], [])
        end
      end

      def move(items) = items.each { |item| item.name = "#{prefix}/".b + item.name }

      # The globs are for the project, and not for the gems that it needs.
      def packed_gems(resolution)
        resolution.gems.map do |facts|
          rules = facts[:name] == resolution.own ? @rules.slice(:exclude, :include) : {}
          PackedGem.new(facts, GEMS, resolution.place, **rules)
        end
      end

      def main(points)
        return points.main(@wanted_main || File.basename(@found.path)) if @found.kind == :script
        return @wanted_main && points.main(@wanted_main) if @found.kind == :directory

        points.main(@wanted_main)
      end

      # For {OwnEntries::MAIN}, where there is no manifest.
      def recorded_main = (@main_script unless @has_manifest)

      def choose_start(items, resolution)
        bundler = resolution&.bundler
        raise PackError, "#{@found.path}: --bundler needs a Gemfile, and Bundler" if @start == :bundler && !bundler

        return if @start

        @start = bundler && BundlerCalls.any?(items, @main_script) ? :bundler : :flat
      end

      def bundle(resolution)
        bundler = PackedGem.new(resolution.bundler, GEMS, resolution.place)
        files = Bundle.items(@gems, resolution)
        @gems += [bundler]
        files + bundler.items
      end

      # A script or a directory needs one only if there are wishes.
      def manifest(points, own, items, resolution)
        wishes = Wishes.new(@wishes, points, own ? own.directory : prefix)
        @has_manifest = manifest?(wishes)
        return [] unless @has_manifest

        manifest = Manifest.new
        manifest.add("name", resolution&.own || name)
        manifest.add("main", @main_script)
        commands = points.commands.reject { |command, _| command.match?(/\s/n) }
        commands.sort.each { |command, script| manifest.add("command", "#{command} #{script}") }
        manifest.add("path", *load_path(items))
        manifest.add("start", @start.to_s) if start?
        add_gems(manifest, resolution) if resolution
        wishes.add_to(manifest)
        [manifest.item]
      end

      def manifest?(wishes) = @found.gems? || wishes.any?

      # Whether the manifest says who finds the gems.
      def start? = @found.gems?

      def load_path(items)
        own = prefix.empty? ? "lib" : "#{prefix}/lib"
        gems = { flat: @gems, rubygems: [], bundler: @gems.last(1) }.fetch(@start)
        own = items.any? { |item| item.name.start_with?("#{own}/".b) } ? [own] : []
        own + gems.flat_map(&:load_path)
      end

      def add_gems(manifest, resolution)
        manifest.add("gem", *@gems.map { |gem| "#{gem.name} #{gem.version} #{gem.full_name}" })
        return unless @start == :bundler

        manifest.add("rubys", *resolution.rubys.map { |facts| "#{facts[:name]} #{facts[:version]}" })
      end
    end
  end
end

%w[recognition resolution packed_gem manifest bundle bundler_calls entry_points script wishes].each do |name|
  require_relative "project/#{name}"
end
