# frozen_string_literal: true

# A real program: the directories that it loads code from, and the contents of an archive of it.
require "rbconfig"
require_relative "../../test/support/ruby_process"

class Bench
  # Finds them by loading it once, as a gem.
  class Program
    PROBE = <<~'RUBY'
      paths, features = $:.dup, $".dup
      require ARGV.first
      puts ($: - paths).select { |path| File.directory?(path) }, "", $" - features
    RUBY

    # Runs on every side: the directories of the gems go in front of $:, as with RubyGems and Bundler. When it is
    # loaded, Rubocop asks for the real path of its own directory. The operating system cannot answer that for a path
    # inside an archive, so no side asks it here.
    START = <<~'RUBY'
      class File
        class << self
          alias realpath_on_disk realpath
          def realpath(path, *base) = path.include?(".zip/") ? expand_path(path, *base) : realpath_on_disk(path, *base)
        end
      end
      name, *directories = ARGV
      $:.unshift(*directories)
      require name
    RUBY

    # The same with RubyGems finding the gems.
    START_AS_GEM = <<~'RUBY'
      require ARGV.first
    RUBY

    # The directories of gems.
    attr_reader :directories

    # nil if it is not installed.
    def self.find(name)
      probe = RubyProcess.run("-e", PROBE, name)
      new(*probe.stdout.split("\n\n", 2).map { |part| part.lines(chomp: true) }) if probe.status.zero?
    end

    def initialize(directories, features)
      @directories = directories
      @features = features
    end

    # Names and contents of all files in the directories of the gems and, if wanted, of the standard library files that
    # it loads. Native extensions stay on disk.
    # @return [Hash]
    def files(standard_library:)
      gems = directories.flat_map { |directory| under(directory, Dir["#{directory}/**/*"]) }
      more = standard_library ? library_directories.flat_map { |directory| under(directory, @features) } : []
      (gems + more).to_h.transform_values { |path| File.binread(path) }
    end

    # The directories inside an archive with these files.
    # @return [Array<String>]
    def inside(archive, files)
      [*directories, *library_directories].map { |directory| inner(directory) }
                                          .select { |inner| files.keys.any? { |name| name.start_with?("#{inner}/") } }
                                          .map { |inner| "#{archive}/#{inner}" }
    end

    # How many files it loads, including native extensions, without those for starting Ruby and finding gems.
    def count = @features.size

    private

    def library_directories
      RbConfig::CONFIG.values_at("vendordir", "rubylibdir")
    end

    def under(directory, paths)
      paths.select { |path| path.start_with?("#{directory}/") && File.file?(path) && !path.end_with?(".so") }
           .map { |path| [inner(directory) + path.delete_prefix(directory), path] }
    end

    # "gems/rubocop-1.39.0/lib", "lib/ruby/3.1.0": the last parts tell them apart.
    def inner(directory)
      directory.split("/").last(3).join("/")
    end
  end
end
