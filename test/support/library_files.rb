# frozen_string_literal: true

# Copies an installed library, with all its dependencies, into one directory.
require "fileutils"
require "rbconfig"
require "set"

module LibraryFiles
  # Directories that several libraries share: Ruby's own and Debian's.
  SHARED = RbConfig::CONFIG.values_at("vendordir", "vendorlibdir", "vendorarchdir", "rubylibdir", "rubyarchdir").freeze

  # Files of libraries in shared directories whose names differ from the library.
  NAMES = {
    "eventmachine" => %w[eventmachine em rubyeventmachine fastfilereaderext],
    "http_parser.rb" => %w[http_parser http ruby_http_parser],
    "unicode-display_width" => %w[unicode]
  }.freeze

  # Puts each gem into its own directory.
  # @return [Array(Array<String>, Array<String>)] the directories in `into` to put into $: for the library itself, and
  #   those for its dependencies
  # @raise [Gem::MissingSpecError]
  def self.copy(name, into)
    own = copy_gem(Gem::Specification.find_by_name(name), into)
    others = dependencies(name, Set[name]) - [name]
    [own, others.flat_map { |other| copy_gem(Gem::Specification.find_by_name(other), into) }]
  end

  class << self
    private

    # The names of its direct and indirect dependencies that are installed.
    def dependencies(name, seen)
      Gem::Specification.find_by_name(name).runtime_dependencies.map(&:name).each do |other|
        next if seen.include?(other) || Gem::Specification.find_all_by_name(other).empty?

        dependencies(other, seen << other)
      end
      seen.to_a
    end

    def copy_gem(spec, into)
      paths = spec.full_require_paths.select { |path| File.directory?(path) }
      paths = [] unless paths.any? { |path| Dir.exist?(path) && path.start_with?(spec.full_gem_path) }
      return copy_shared(spec.name, "#{into}/#{spec.name}/lib") if paths.empty?

      copy_directory(spec.full_gem_path, "#{into}/#{spec.name}")
      paths.map { |path| in_copy(path, spec, into) }
    end

    # Native extensions may be in a separate place.
    def in_copy(path, spec, into)
      return "#{spec.name}#{path.delete_prefix(spec.full_gem_path)}" if path.start_with?("#{spec.full_gem_path}/")

      copy_directory(path, "#{into}/#{spec.name}/extensions")
      "#{spec.name}/extensions"
    end

    def copy_shared(name, lib)
      names = NAMES.fetch(name) { [name, name.tr("-", "/")].uniq }
      SHARED.product(names) do |shared, feature|
        copy_directory("#{shared}/#{feature}", "#{lib}/#{feature}")
        %w[.rb .so].each do |suffix|
          copy_file("#{shared}/#{feature}#{suffix}", "#{lib}/#{feature}#{suffix}")
        end
      end
      File.directory?(lib) ? ["#{name}/lib"] : []
    end

    def copy_directory(from, to)
      Dir.glob("**/*", File::FNM_DOTMATCH, base: from).each { |name| copy_file("#{from}/#{name}", "#{to}/#{name}") }
    end

    def copy_file(from, to)
      return if !File.file?(from) || File.exist?(to)

      FileUtils.mkdir_p(File.dirname(to))
      FileUtils.cp(from, to)
    end
  end
end
