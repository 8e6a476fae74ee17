# frozen_string_literal: true

# The child process of InVFS::Pack::Resolution: finds out which gems a project needs, with the RubyGems and the Bundler
# that are installed. It is a process of its own, so that gemspecs and Gemfiles, which are programs, cannot disturb the
# packing, and Bundler cannot be confused by the Gemfile of whoever calls.
#
# Its argument is a file with the question (a Marshal of a Hash); the answer replaces it.
require_relative "gem_facts"

module InVFS
  class Pack
    # Answers the questions.
    class Resolve
      # @param question [Hash] :kind and :path; :without, groups of a Gemfile; :directory, for the files of a .gem
      def initialize(question)
        @question = question
        @path = question[:path]
      end

      # @return [Hash] :gems, and what is known about the project; or :error
      def answer
        send(@question[:kind])
      rescue LoadError, StandardError, SyntaxError => e
        { error: e.message.empty? ? e.class.name : e.message }
      end

      private

      # The name of an installed gem, perhaps with a version: rubocop:1.39.0.
      def installed
        name, version = @path.split(":", 2)
        spec = Gem::Specification.find_by_name(name, version || Gem::Requirement.default)
        gem_with_needs(spec, GemFacts.of(spec))
      rescue Gem::MissingSpecError
        { missing: true }
      end

      # A .gem file. Only a gem with native extensions has to be installed: its file has just their sources.
      def gem_file
        require "fileutils"
        require "rubygems/package"
        package = Gem::Package.new(@path)
        spec = package.spec
        return { error: "#{@path} has native extensions: install it first, then pack #{spec.name}" } if unbuilt?(spec)

        package.extract_files(@question[:directory])
        gem_with_needs(spec, GemFacts.unpacked(spec, @question[:directory]))
      end

      def unbuilt?(spec) = spec.extensions.any? && spec.platform == Gem::Platform::RUBY

      def gemspec
        spec = load_gemspec
        gem_with_needs(spec, GemFacts.of_source(spec, File.dirname(@path)))
      end

      def load_gemspec
        spec = Dir.chdir(File.dirname(@path)) { Gem::Specification.load(File.basename(@path)) }
        spec or raise "#{@path} cannot be evaluated"
      end

      def gem_with_needs(spec, facts)
        found = Gem::Resolver.for_current_gems(spec.runtime_dependencies.reject { |needed| needed.name == "bundler" })
                             .resolve.map(&:full_spec)
        { gems: [facts, *others(found, spec.name)], name: spec.name, place: place }
      end

      # Where RubyGems keeps extensions for this Ruby.
      def place = "#{Gem::Platform.local}/#{Gem.extension_api_version}"

      def others(specs, own)
        specs.reject { |spec| spec.name == own || GemFacts.rubys_own?(spec) }.sort_by(&:name)
             .map { |spec| source?(spec) ? GemFacts.of_source(spec, spec.full_gem_path) : GemFacts.of(spec) }
      end

      # Whether a Gemfile takes it from a directory or a git repository.
      def source?(spec) = defined?(Bundler::Source::Path) && spec.source.is_a?(Bundler::Source::Path)

      # A Gemfile, with a gemspec beside it or not.
      def gemfile
        require "bundler"
        Bundler.ui = Bundler::UI::Silent.new
        Bundler.configure
        specs, wanted = resolve_gemfile
        own, others = specs.partition { |spec| own?(spec) }
        facts = own.map { |spec| GemFacts.of_source(spec, File.dirname(@path)) }
        { gems: facts + others(others, nil), name: own.first&.name, place: place, bundler: bundler,
          rubys: others.select { |spec| GemFacts.rubys_own?(spec) }.map { |spec| GemFacts.of(spec) },
          wanted: wanted.map { |dependency| dependency_facts(dependency) } }
      end

      # Only gems of groups that are wanted need be installed. What the lockfile says holds.
      def resolve_gemfile
        dsl = Bundler::Dsl.new
        dsl.eval_gemfile(Pathname.new(@path))
        dsl.dependencies = dsl.dependencies.select { |dependency| wanted?(dependency) }
        specs = dsl.to_definition(Bundler.default_lockfile, {}).specs.map { |spec| real(spec) }
        [specs.reject { |spec| spec.name == "bundler" }, dsl.dependencies]
      end

      def wanted?(dependency)
        (dependency.groups.map(&:to_s) - @question[:without]).any? && dependency.should_include?
      end

      # Bundler wraps specifications.
      def real(spec)
        found = spec.respond_to?(:to_spec) ? spec.to_spec : spec
        found.is_a?(Gem::Specification) ? found : Gem::Specification.load(spec.loaded_from)
      end

      def own?(spec)
        File.realpath(spec.full_gem_path) == File.realpath(File.dirname(@path))
      rescue SystemCallError
        false
      end

      def dependency_facts(dependency)
        { name: dependency.name, require: dependency.autorequire, groups: dependency.groups.map(&:to_s) }
      end

      def bundler
        GemFacts.of(Gem::Specification.find_by_name("bundler", Bundler::VERSION))
      rescue Gem::MissingSpecError
        nil
      end
    end
  end
end

question = Marshal.load(File.binread(ARGV[0])) # rubocop:disable Security/MarshalLoad
# A Gemfile that prints something prints it as a message.
$stdout.reopen($stderr)
File.binwrite(ARGV[0], Marshal.dump(InVFS::Pack::Resolve.new(question).answer))
