# frozen_string_literal: true

module InVFS
  class Pack
    # What a path is: a script, a directory, a gem, a project with a gemspec or a Gemfile, or the name of a gem.
    class Recognition
      GEMFILES = %w[Gemfile gems.rb].freeze
      GEM_NAME = /\A[A-Za-z0-9][\w.-]*(:[\w.]+)?\z/
      private_constant :GEMFILES, :GEM_NAME

      # @return [Symbol] :script, :directory, :gem_file, :gemspec, :gemspec_and_gemfile, :gemfile or :installed
      attr_reader :kind

      # @return [String] what was given
      attr_reader :path

      # @return [String, nil] the Gemfile, gemspec or .gem file
      attr_reader :file

      # @return [String, nil] the directory of the project
      attr_reader :directory

      # @param path [String]
      # @param tree [Boolean] whether a directory is just a directory
      # @raise [InVFS::PackError] if there are several gems, or several gemspecs
      # @raise [Errno::ENOENT] if it is neither a path nor may be the name of a gem
      def initialize(path, tree: false)
        @path = path
        @directory = path
        if tree
          @kind = :directory
        elsif File.directory?(path)
          look_into(path)
        elsif File.exist?(path) || !path.match?(GEM_NAME)
          look_at(path)
        else
          @kind = :installed
        end
      end

      # Whether gems belong to it.
      def gems? = !%i[script directory].include?(@kind)

      # @return [String] the name of the archive, without its ending; empty for the root directory
      def name
        case @kind
        when :installed then @path[/\A[^:]+/]
        when :script then File.basename(@path, ".rb")
        when :gem_file then File.basename(@file).sub(/(-\d[\w.]*)?(-[\w-]+)?\.gem\z/, "")
        else File.basename(File.expand_path(@directory)).delete_prefix("/")
        end
      end

      # @return [String] what it was taken for
      def to_s
        case @kind
        when :script then "a script"
        when :directory then "a directory"
        when :installed then "the name of an installed gem"
        when :gem_file then "the gem #{File.basename(@file)}"
        when :gemspec then "a gem (#{File.basename(@file)})"
        when :gemspec_and_gemfile then "a gem with a bundle (#{File.basename(@gemspec)}, #{File.basename(@file)})"
        else "a project with a bundle (#{File.basename(@file)})"
        end
      end

      private

      def look_into(path)
        gemspecs, gems = %w[*.gemspec *.gem].map { |glob| Dir.glob(glob, File::FNM_DOTMATCH, base: path).sort }
        gemfile = GEMFILES.find { |name| File.file?(File.join(path, name)) }
        single(gemspecs, "gemspecs")
        return found(gemfile ? :gemspec_and_gemfile : :gemspec, gemfile || gemspecs[0], gemspecs[0]) if gemspecs.any?
        return found(:gemfile, gemfile) if gemfile

        single(gems, "gems")
        gems.any? ? found(:gem_file, gems[0]) : @kind = :directory
      end

      def found(kind, name, gemspec = nil)
        @kind = kind
        @file = File.join(@directory, name)
        @gemspec = gemspec
      end

      def single(names, what)
        return if names.size < 2

        raise PackError, "#{@path} has #{names.size} #{what}, #{names.join(", ")}: give the path of one, " \
                         "or --tree to pack the directory as it is"
      end

      def look_at(path)
        File.stat(path)
        @directory = File.dirname(path)
        case File.basename(path)
        when /\.gem\z/ then found(:gem_file, File.basename(path))
        when /\.gemspec\z/ then found(:gemspec, File.basename(path))
        when *GEMFILES, /\.gemfile\z/ then found(:gemfile, File.basename(path))
        else script(path)
        end
      end

      def script(path)
        raise PackError, "#{path} is no script, and nothing else that can be packed" if binary?(path)

        @kind = :script
      end

      def binary?(path) = File.file?(path) && File.binread(path, 4096).to_s.include?("\0")
    end
    private_constant :Recognition
  end
end
