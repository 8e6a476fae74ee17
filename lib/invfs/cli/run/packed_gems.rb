# frozen_string_literal: true

module InVFS
  module CLI
    class Run
      # The gems of an archive, for a program that asks RubyGems or Bundler about them.
      class PackedGems
        # What a Ruby with RubyGems has from the start, as programs know. They are not loaded one by one: `require` asks
        # for Gem, and while RubyGems is being loaded, a part of it cannot be.
        LATE = %i[Gem RbConfig Monitor MonitorMixin].freeze
        private_constant :LATE

        class << self
          # @param manifest [Manifest]
          # @param archive [InVFS::ZipFS]
          # @param root [String] the path of the archive
          # @param start [String] flat, rubygems or bundler
          def provide(manifest, archive, root, start)
            @gems = new(manifest, archive, root)
            @gems.public_send(start)
          end

          # Called when a program without RubyGems asks for it.
          def register = @gems.register
        end

        def initialize(manifest, archive, root)
          @archive = archive
          @root = root
          @home = "#{root}/gems"
          @gems = manifest.all("gem").map { |line| line.split(" ", 3) }
          @rubys = manifest.all("rubys").map { |line| line.split(" ", 2) }
        end

        # Everything is in the load path. RubyGems has only to know what is there, or is loaded when it is asked for.
        def flat
          return register if !Object.autoload?(:Gem) && defined?(Gem::Specification)

          LATE.each do |name|
            Object.autoload(name, "#{__dir__}/late_rubygems.rb") unless Object.const_defined?(name, false)
          end
          Kernel.module_eval do
            def gem(*) = true
            # So that Ruby does not warn when RubyGems defines it.
            alias_method(:gem, :gem)
            private :gem
          end
        end

        # RubyGems activates all of them, in these versions.
        def rubygems
          use_home
          @gems.each { |name, version, _| gem(name, "= #{version}") }
        end

        # Bundler finds them by a Gemfile that was made for the archive.
        def bundler
          there = "#{@archive.to_path}: it starts with Bundler, which is there already (bundle exec?)"
          raise Error, there if defined?(Bundler)

          use_home
          name, _, full_name = @gems.find { |gem| gem.first == "bundler" }
          loaded(name, full_name)
          adapt_lockfile
          lib = "#{@home}/gems/#{full_name}/lib"
          with_environment do
            extend_rubygems(lib)
            require "#{lib}/bundler/setup"
          end
        end

        # Tells RubyGems that the gems are active. It finds no others, but for those that belong to Ruby.
        def register
          use_home
          @gems.each { |name, _, full_name| loaded(name, full_name) }
        end

        private

        # What the `require` of RubyGems does when it has activated Bundler. RubyGems 4 loads a part of an older
        # Bundler in a way that gives no warnings of constants that both define.
        def extend_rubygems(lib)
          return unless Gem.respond_to?(:load_bundler_extensions)

          $LOAD_PATH.unshift(lib)
          begin
            Gem.load_bundler_extensions(Gem.loaded_specs["bundler"].version)
          ensure
            $LOAD_PATH.delete_at($LOAD_PATH.index(lib))
          end
        end

        def use_home
          require "rubygems"
          Gem.paths = { "GEM_HOME" => @home, "GEM_PATH" => @home }
        end

        def loaded(name, full_name)
          file = "specifications/#{full_name}.gemspec"
          code = @archive.read("gems/#{file}").force_encoding(Encoding::UTF_8)
          spec = eval(code, TOPLEVEL_BINDING.dup, "#{@home}/#{file}", 1) # rubocop:disable Security/Eval
          spec.loaded_from = "#{@home}/#{file}"
          spec.activated = true
          Gem.loaded_specs[name] = spec
        end

        # What Bundler sets is for the programs that this one starts, and these cannot read the archive.
        def with_environment
          gemfile = "#{@home}/bundle/Gemfile"
          before = ENV.to_hash
          ENV.update("BUNDLE_GEMFILE" => gemfile, "BUNDLE_PATH__SYSTEM" => "true", "BUNDLE_FROZEN" => "true",
                     "GEM_HOME" => @home, "GEM_PATH" => @home)
          yield
        ensure
          ENV.replace(before.merge("BUNDLE_GEMFILE" => gemfile))
        end

        # The lockfile also has the versions of gems that belong to Ruby; those of this Ruby may be others.
        def adapt_lockfile
          text = @archive.read("gems/bundle/Gemfile.lock")
          adapted = @rubys.inject(text) do |lines, (name, version)|
            here = Gem::Specification.find_by_name(name).version.to_s
            here == version ? lines : lines.sub("    #{name} (#{version})\n", "    #{name} (#{here})\n")
          rescue Gem::MissingSpecError
            lines
          end
          return if adapted == text

          gemfile = @archive.read("gems/bundle/Gemfile")
          InVFS.mount("#{@home}/bundle", InVFS.stringmap({ "Gemfile" => gemfile, "Gemfile.lock" => adapted }))
        end
      end
    end
  end
end
