# frozen_string_literal: true

module InVFS
  class Pack
    # A project packed into one executable file, together with Ruby. docs/packing.md describes it.
    class Standalone < Project
      # Where the launcher mounts the archive.
      PREFIX = "/__invfs__"

      # The directory of the archive with what appears at paths of the system's.
      MOUNTS = "mounts"

      # How entries are compressed, unless options say otherwise.
      METHOD = "zstd"
      LEVEL = 9

      # Parts of the standard library that gems need and do not name.
      UNNAMED = { "irb" => %w[rdoc], "railties" => %w[irb rdoc] }.freeze
      private_constant :MOUNTS, :METHOD, :LEVEL, :UNNAMED

      # @param path [String] the project
      # @param stdlib [Symbol] how much of the standard library goes in: `:lean`, without the tools of developers, or
      #   `:all`
      # @param mounts [Array<String>] directories of this machine that are packed, and appear at their own paths where
      #   the program runs
      # @param options as for {Project#initialize}; code is always compiled
      # @raise [InVFS::PackError] as {Project#initialize}, and where there is no launcher, or this Ruby cannot be packed
      def initialize(path, stdlib: :lean, mounts: [], method: nil, level: nil, **options)
        raise PackError, "all that is packed of Ruby's library is compiled: no --library" if options.key?(:library)

        raise PackError, "a file with Ruby starts by itself: no --shebang" if options[:shebang]

        level ||= LEVEL unless method
        super(path, **options, compile: true, library: :none, method: method || METHOD, level: level)
        @launcher = Launcher.path
        @ruby = Libruby.new
        @stdlib = stdlib
        @mounts = mounts.each_with_index.to_h { |mount, number| ["#{MOUNTS}/#{number}", File.expand_path(mount)] }
      end

      # @return [Array<String>] after packing or planning: the names of the system's libraries that were packed
      attr_reader :libraries

      # @return [String, nil] after packing or planning: the version of the GNU C library that the file needs
      attr_reader :glibc

      private

      # Beside Ruby, the program has a directory of its own in every case.
      def prefix = TREE

      def files(archive)
        found = super
        move(found.items) if %i[script directory].include?(@found.kind)
        found
      end

      def main(points)
        return super unless @found.kind == :directory

        points.main(@wanted_main)
      end

      def manifest?(_wishes) = true
      def start? = true

      # The launcher reads another entry, before there is a Ruby.
      def manifest(*)
        super.each { |item| @program, @writable = %w[name writable].map { |key| item.read[/^#{key} (.+)$/n, 1] } }
      end

      def contents(archive, resolution)
        project = super
        raise PackError, "#{@found.path}: no main script; --main names one" unless @main_script

        items = project.items + RubyFiles.new(@stdlib, wanted).items + mounted
        shared = SharedLibraries.new(items, @ruby, @launcher)
        @libraries, @glibc = shared.names, shared.glibc
        items += shared.items
        Contents.new([*items, start_item(shared.rubys)].sort_by(&:name), project.left_out)
      end

      def mounted
        @mounts.flat_map do |name, directory|
          Tree.new(directory).items.each { |item| item.name = "#{name}/".b + item.name }
        end
      end

      # The names of gems that are there or are needed, which may be parts of the standard library.
      def wanted
        names = @gems.flat_map { |gem| [gem.name, *gem.needs.map(&:first)] }
        names.flat_map { |name| [name, *UNNAMED[name]] }.uniq
      end

      # The entry for the launcher. A Ruby that is a program needs its libraries before the launcher has hooks in it.
      def start_item(rubys)
        preloaded = @ruby.program? ? rubys : []
        facts = [[@ruby.program? ? "program" : "libruby", @ruby.entry], *preloaded.map { |entry| ["preload", entry] },
                 ["main", @main_script], ["name", @program], ["key", CompiledCode.key], ["glibc", @glibc],
                 ["writable", @writable], *arguments.map { |text| ["argument", text] },
                 *[RubyFiles::BOOT, OwnEntries::MANIFEST].map { |entry| ["first", entry] },
                 *@mounts.map { |entry, directory| ["mount", "#{entry} #{directory}"] }]
        lines = facts.filter_map { |key, value| "#{key} #{value}\n".b if value }
        Tree::Item.made(OwnEntries::STANDALONE, lines.join)
      end

      # For Ruby, before those of the user.
      def arguments
        late = %w[gems did_you_mean error_highlight]
        late << "syntax_suggest" if RUBY_VERSION >= "3.2"
        disable = ["--disable=#{late.join(",")}"] if @start == :flat
        [*disable, "-r#{PREFIX}/#{RubyFiles::BOOT}", "--", "#{PREFIX}/#{@main_script}"]
      end

      def beginning = InVFS.zip(@launcher)
      def executable? = true
    end
  end
end

%w[launcher libruby ruby_config rubygems ruby_files debug_information shared_libraries].each do |name|
  require_relative "standalone/#{name}"
end
