# frozen_string_literal: true

module InVFS
  class Pack
    # A list of patterns for names, for --exclude, --include and .invfsignore: much like .gitignore. docs/cli.md
    # describes them.
    class Globs
      Pattern = Struct.new(:glob, :flags, :only_directories, :negated)
      private_constant :Pattern

      # `*` and `?` stop at slashes; names that begin with a dot are not special.
      FLAGS = File::FNM_PATHNAME | File::FNM_DOTMATCH
      private_constant :FLAGS

      class << self
        # @param globs [Array<String>] patterns from the command line: `{a,b}` works too
        def of(globs)
          new(globs.map { |glob| pattern(glob.b, FLAGS | File::FNM_EXTGLOB, negated: false) })
        end

        # @param content [String] the lines of a .invfsignore
        def read(content)
          lines = content.b.delete_prefix("\xEF\xBB\xBF".b).split(/\r?\n/n).map { |line| strip(line) }
          lines = lines.reject { |line| line.empty? || line.start_with?("#") }
          new(lines.map { |line| pattern(line.delete_prefix("!"), FLAGS, negated: line.start_with?("!")) })
        end

        private

        # Ignores trailing spaces, unless there is a backslash before the last one.
        def strip(line) = line.sub(/(?<!\\)[ \t]+\z/n, "")

        # A pattern with a slash before its end starts at the root; others match anywhere.
        def pattern(text, flags, negated:)
          glob = text.chomp("/")
          glob = glob.include?("/") ? glob.delete_prefix("/") : "**/#{glob}"
          Pattern.new(glob, flags, text.end_with?("/"), negated)
        end
      end

      def initialize(patterns)
        @patterns = patterns
      end

      def empty? = @patterns.empty?

      # Whether the last pattern that matches this name takes it in. Never called for the contents of a directory that
      # matches.
      # @param name [String] clean, without a slash at the end
      # @param directory [Boolean] whether this is the name of a directory
      def match?(name, directory)
        last = @patterns.reverse_each.find do |pattern|
          (directory || !pattern.only_directories) && fits?(pattern, name)
        end
        last ? !last.negated : false
      end

      private

      # In UTF-8, so that `?` is one letter; if that is not possible, byte by byte.
      def fits?(pattern, name)
        texts = [pattern.glob, name].map { |text| text.dup.force_encoding(Encoding::UTF_8) }
        texts.each { |text| text.force_encoding(Encoding::BINARY) } unless texts.all?(&:valid_encoding?)
        File.fnmatch?(*texts, pattern.flags)
      end
    end
    private_constant :Globs
  end
end
