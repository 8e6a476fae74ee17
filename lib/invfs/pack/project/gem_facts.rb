# frozen_string_literal: true

module InVFS
  class Pack
    # What the packer must know about a gem, as a Hash of plain values that can pass from process to process:
    #
    # - :name, :version, :platform, :full_name, :specification (its Ruby code), :executables, :bindir
    # - :files, name in the gem => path; or :directory, all of which belongs to it
    # - :require_paths, those in the gem; :extensions, the directory with what was built, or nil
    module GemFacts
      # Extensions of code that was compiled.
      BUILT = "{so,bundle,dll}"
      private_constant :BUILT

      class << self
        # An installed gem.
        def of(spec)
          there = !rubys_own?(spec) && File.directory?(spec.full_gem_path)
          facts(spec).merge(there ? in_place(spec) : scattered(spec))
        end

        # A gem whose source is in a directory: the files of its specification, and what was compiled in there. If the
        # specification lists none (it often asks git, which may not know the directory), everything.
        def of_source(spec, directory)
          # RubyGems itself adds the executables.
          scripts = spec.executables.map { |name| "#{spec.bindir}/#{name}" }
          there = ->(names) { names.select { |name| File.file?(File.join(directory, name)) } }
          names, scripts = there[spec.files], there[scripts]
          return facts(spec).merge(directory: directory) if (names - scripts).empty?

          built = paths(spec).flat_map { |path| Dir.glob("#{path}/**/*.#{BUILT}", base: directory) }
          files = (names | built | scripts).to_h { |name| [name, File.join(directory, name)] }
          facts(spec).merge(files: files)
        end

        # A gem whose .gem file was unpacked into a directory.
        def unpacked(spec, directory) = facts(spec).merge(directory: directory)

        # A gem that belongs to Ruby. Every Ruby has these, and loads some of them before any program.
        def rubys_own?(spec) = spec.default_gem?

        private

        def facts(spec)
          { name: spec.name, version: spec.version.to_s, platform: spec.platform.to_s, full_name: spec.full_name,
            specification: spec.to_ruby.b,
            executables: spec.executables, bindir: spec.bindir,
            require_paths: paths(spec), extensions: extensions(spec), builds: spec.extensions.any?, files: {},
            needs: spec.runtime_dependencies.map { |needed| [needed.name, needed.requirement.to_s] } }
        end

        # Debian names the directory of the extensions among these.
        def paths(spec) = spec.raw_require_paths.reject { |path| path.start_with?("/") }

        def extensions(spec) = (spec.extension_dir if spec.loaded_from && File.directory?(spec.extension_dir.to_s))

        def in_place(spec) = { directory: spec.full_gem_path }.merge(scripts(spec))

        # Executables, wherever they are. A binstub of RubyGems does not count, as it only loads one.
        def scripts(spec)
          files = spec.executables.to_h do |name|
            found = [spec.bin_dir, Gem.bindir, RbConfig::CONFIG["bindir"]].map { |bin| File.join(bin, name) }
            ["#{spec.bindir}/#{name}", found.find { |path| script?(path) }]
          end
          { files: files.compact }
        end

        def script?(path)
          return false unless File.file?(path)

          source = File.binread(path)
          source.match?(/\A#!.*ruby/n) && !source.match?(/activate_bin_path/n)
        end

        # Debian puts the files of many gems into directories of the load path, and leaves only the specification.
        def scattered(spec)
          features = spec.files.filter_map { |name| below(name, paths(spec)) }
          features = [spec.name, spec.name.tr("-", "/"), spec.name.tr("-", "_")] if features.empty?
          stems = features.map { |name| name[%r{\A[^/.]+(?=/|\.\w+\z|\z)}] }.compact.uniq
          files = $LOAD_PATH.reverse.flat_map { |place| feature_files(place, features, stems) }.to_h
          { files: files }.merge(scripts(spec)) { |_, some, more| some.merge(more) }
        end

        def below(name, directories)
          directory = directories.find { |path| name.start_with?("#{path}/") }
          directory && name.delete_prefix("#{directory}/")
        end

        # What one place of the load path has of a gem: the files that are known, directories of these names if none
        # are, and compiled code below these names.
        def feature_files(place, features, stems)
          names = features.select { |name| File.file?("#{place}/#{name}") }
          names |= features.grep_v(/\.\w+\z/).flat_map { |name| Dir.glob("#{name}{.rb,/**/*}", base: place) }
          names |= stems.flat_map { |stem| Dir.glob("#{stem}{.,/**/*.}#{BUILT}", base: place) }
          names.select { |name| File.file?("#{place}/#{name}") }.map { |name| ["lib/#{name}", "#{place}/#{name}"] }
        end
      end
    end
    private_constant :GemFacts
  end
end
