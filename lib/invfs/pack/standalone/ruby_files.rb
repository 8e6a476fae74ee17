# frozen_string_literal: true

require "rbconfig"

module InVFS
  class Pack
    # What Ruby needs besides its shared library: the standard library, RubyGems, and what starts the program.
    class RubyFiles
      # The file that Ruby loads before the main script.
      BOOT = "boot/boot.rb"

      # What it is made of, and what is loaded when it is asked for: files below lib/invfs.
      STARTING = %w[own_entries.rb cli/run/manifest.rb cli/run/packed_gems.rb cli/run/surroundings.rb
                    standalone/boot.rb].freeze
      LATER = %w[standalone/late_rubygems.rb error.rb].freeze

      # The directory in the load path of a flat program for {#parts_of_rubygems}.
      PARTS = "boot/rubygems"

      # Parts of the standard library that serve developers: those of each gem.
      TOOLS = {
        "bundler" => %w[bundler bundler.rb], "debug" => %w[debug debug.rb], "drb" => %w[drb drb.rb],
        "irb" => %w[irb irb.rb], "mkmf" => %w[mkmf.rb un.rb], "rbs" => %w[rbs rbs.rb], "rdoc" => %w[rdoc rdoc.rb],
        "readline-ext" => %w[readline.so], "rinda" => %w[rinda], "ruby_vm" => %w[ruby_vm],
        "typeprof" => %w[typeprof typeprof.rb]
      }.freeze

      # What no program loads.
      UNNEEDED = %r{(\A|/)-test-/|\.(a|h|la|o)\z}n
      private_constant :STARTING, :LATER, :TOOLS, :UNNEEDED

      # @param stdlib [Symbol] :lean or :all
      # @param gems [Array<String>] the names of gems whose parts of the standard library are needed
      def initialize(stdlib, gems)
        @left_out = stdlib == :all ? [] : TOOLS.except(*gems).values.flatten
        @config = RbConfig::CONFIG
        @facts = facts
      end

      # @return [Array<Tree::Item>]
      def items
        files = library.merge(extensions, rubygems, specifications)
        made = { "arch/rbconfig.rb" => RubyConfig.adapted(File.binread(files["arch/rbconfig.rb"])),
                 "lib/rubygems.rb" => Rubygems.adapted(File.binread(files["lib/rubygems.rb"])),
                 "bin/ruby" => "#!/bin/false\nWhoever executes this file executes the packed program as a Ruby.\n",
                 "lib/rubygems/defaults/operating_system.rb" => Rubygems::DEFAULTS }
        made[OwnEntries::CERTIFICATES] = @facts[:certificates].map { |path| "#{path}\n" }.join
        made.merge!(other_parts_of_rubygems(files))
        items = files.reject { |name, _| made.key?(name) }.map { |name, path| Tree::Item.file(name.b, path) }
        items += made.map { |name, contents| Tree::Item.made(name, contents) }
        items.each { |item| item.mode = 0o755 if item.name == "bin/ruby" } + ours + parts_of_rubygems
      end

      private

      # What another process of this Ruby says, whatever gems and options this one has.
      def facts
        script = <<~RUBY
          certificates = begin
            require "openssl"
            [OpenSSL::X509::DEFAULT_CERT_FILE, OpenSSL::X509::DEFAULT_CERT_DIR]
          rescue LoadError
            []
          end
          rubygems = $LOADED_FEATURES.find { |path| path.end_with?("/rubygems.rb") }
          parts = $LOADED_FEATURES.filter_map { |path| path[%r{/(rubygems/.+\\.rb)\\z}, 1] }
          print Marshal.dump({ rubygems: File.dirname(rubygems), parts: parts, specifications: Gem.default_specifications_dir,
                               certificates: certificates })
        RUBY
        Marshal.load(IO.popen([RbConfig.ruby, "-W0", "-e", script], "rb", unsetenv_others: true, &:read)) # rubocop:disable Security/MarshalLoad
      end

      # Some Rubies have the directory for their architecture inside of the other one.
      def library
        lib, arch = @config.values_at("rubylibdir", "rubyarchdir")
        inside = "#{arch.delete_prefix("#{lib}/")}/" if arch.start_with?("#{lib}/")
        files = below(lib, "lib").reject { |name, _| inside && name.start_with?("lib/#{inside}") }
        # Those that are not used, if a system has others.
        files.reject { |name, _| @facts[:rubygems] != lib && name.match?(%r{\Alib/rubygems(/|\.rb\z)}) }
      end

      def extensions = below(@config["rubyarchdir"], "arch")

      def rubygems
        there = @facts[:rubygems]
        return {} if there == @config["rubylibdir"]

        { "lib/rubygems.rb" => "#{there}/rubygems.rb" }.merge(below("#{there}/rubygems", "lib/rubygems"))
      end

      # Those of gems that belong to Ruby, and are packed with it.
      def specifications
        files = below(@facts[:specifications], "gems/specifications/default")
        gone = TOOLS.select { |_, paths| paths.any? { |path| @left_out.include?(path) } }.keys
        files.reject { |name, _| gone.include?(File.basename(name)[/\A(.+)-\d/, 1]) }
      end

      def ours
        path = ->(name) { File.expand_path("../../#{name}", __dir__) }
        code = STARTING.map { |name| File.read(path[name]).gsub(/^\s*require_relative .*\n/, "") }.join
        later = LATER.map { |name| Tree::Item.file("boot/#{File.basename(name)}".b, path[name]) }
        [Tree::Item.made(BOOT, code), *later]
      end

      # Parts of RubyGems that a flat program requires before anything has loaded RubyGems: that must come first and as
      # a whole, because its parts cannot be loaded in any order.
      def parts_of_rubygems
        @facts[:parts].sort.map { |name| Tree::Item.made("#{PARTS}/#{name}", "Gem\n") }
      end

      # Those that RubyGems does not load when it starts.
      def other_parts_of_rubygems(files)
        names = files.keys.grep(%r{\Alib/rubygems/(?!defaults/|core_ext/|(\w+/)*vendor/)[\w/]+\.rb\z})
        names -= @facts[:parts].map { |name| "lib/#{name}" }
        names.to_h { |name| [name, Rubygems.part(File.binread(files[name]))] }
      end

      # The files below a directory: name in the archive => path.
      def below(directory, name)
        Dir.glob("**/*", File::FNM_DOTMATCH, base: directory).sort.each_with_object({}) do |base, found|
          path = "#{directory}/#{base}"
          next if @left_out.include?(base[%r{\A[^/]+}]) || base.match?(UNNEEDED) || !File.file?(path)

          found["#{name}/#{base}"] = path
        end
      end
    end
    private_constant :RubyFiles
  end
end
