# frozen_string_literal: true

require "rbconfig"

module InVFS
  class Pack
    # The files of Ruby's own library that a program loads from disk: those that its sources name in `require` or
    # `autoload`, and those that these name. Found by reading; nothing is run. A name that is put together at run time
    # is not found, and one in a comment is: then a file has no compiled form, or has one that nobody takes.
    class Library
      WANTED = %i[needed all none].freeze

      # Where Ruby looks when nothing was added to `$:`.
      DIRECTORIES = RbConfig::CONFIG.values_at("sitelibdir", "sitearchdir", "vendorlibdir", "vendorarchdir",
                                               "vendordir", "rubylibdir", "rubyarchdir").compact.uniq.freeze
      NAMED = /\b(?:require|autoload\s*\(?\s*:\w+\s*,)\s*\(?\s*["']([^"'#\n]+)["']/n
      BESIDE = /\brequire_relative\s*\(?\s*["']([^"'#\n]+)["']/n
      private_constant :DIRECTORIES, :NAMED, :BESIDE

      # @param sources [Array<String>] the contents of the program's Ruby files
      # @param wanted [Symbol] `:needed`, `:all`: also all of the standard library, or `:none`
      # @return [Hash{String => String}] path => contents of files that the program does not bring itself
      # @raise [SystemCallError] if a file cannot be read
      def self.files(sources, wanted)
        raise ArgumentError, "library: #{wanted.inspect} is none of #{WANTED.inspect}" unless WANTED.include?(wanted)

        wanted == :none ? {} : new.files(sources, all: wanted == :all)
      end

      def initialize
        @found = {}
        @next = []
      end

      # See {files}.
      def files(sources, all:)
        sources.each { |source| look_at(source, nil) }
        Dir["#{RbConfig::CONFIG["rubylibdir"]}/**/*.rb"].each { |path| add(path) } if all
        while (path = @next.shift)
          look_at(@found[path], File.dirname(path))
        end
        brought = sources.to_h { |source| [source.b, true] }
        # Compiled forms know a file by its last name and its contents: of several copies one is enough.
        found = @found.reject { |_, contents| brought[contents] }.sort
        found.uniq { |copy, contents| [File.basename(copy), contents] }.to_h
      end

      private

      # @param directory [String, nil] where the source lies, if that is on disk
      def look_at(source, directory)
        source = source.b
        source.scan(NAMED) { |name,| add(in_library(name)) }
        source.scan(BESIDE) { |name,| add(File.expand_path(with_ending(name), directory)) } if directory
      end

      def add(path)
        return unless path && !@found.key?(path) && File.file?(path)

        @found[path] = File.binread(path)
        @next << path
      end

      def in_library(name)
        DIRECTORIES.each do |directory|
          path = "#{directory}/#{with_ending(name)}"
          return path if File.file?(path)
        end
        nil
      end

      def with_ending(name) = name.end_with?(".rb") ? name : "#{name}.rb"
    end
    private_constant :Library
  end
end
