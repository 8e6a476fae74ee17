# frozen_string_literal: true

require_relative "pack"

module InVFS
  module CLI
    # `bundle invfs`: `invfs pack` for the project that the working directory is in.
    class Bundle < Pack
      USAGE_LINE = "[options]"
      SUMMARY = <<~TEXT
        Packs the project of the Gemfile in this directory, or in one above it, with its gems: `invfs pack` of the directory
        of the Gemfile. The archive is named after that directory and written to this one. `invfs run` runs it.
      TEXT

      GEMFILES = %w[Gemfile gems.rb].freeze
      private_constant :GEMFILES

      private

      def program = "bundle invfs"

      # @return [Array(String)] the directory, so that a gemspec beside the Gemfile counts, or a Gemfile of another name
      def expect(arguments)
        raise UsageError, "no argument, not #{arguments[0]}; see #{program} --help" if arguments.any?

        chosen = ENV.fetch("BUNDLE_GEMFILE", "")
        return [GEMFILES.include?(File.basename(chosen)) ? File.dirname(chosen) : chosen] unless chosen.empty?

        [directory || raise(UsageError, "there is no Gemfile in #{Dir.pwd}, nor in a directory above it")]
      end

      def directory
        above = [Dir.pwd]
        above << File.dirname(above.last) until above.last == File.dirname(above.last)
        above.find { |path| GEMFILES.any? { |name| File.file?(File.join(path, name)) } }
      end
    end
    private_constant :Bundle
  end
end
