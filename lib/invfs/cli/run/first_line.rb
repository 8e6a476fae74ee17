# frozen_string_literal: true

require_relative "parser"
require_relative "switches"

module InVFS
  module CLI
    class Run
      # The first line of a main script. Its options are found by Ruby's rules: `#!` at the very beginning, "ruby"
      # somewhere after it, and then the first dash that follows a space.
      class FirstLine
        # Prism looks behind a byte order mark, but not at a `#!` that is all there is in the line.
        PATTERN = Parser.prism? ? /\A(?:\xEF\xBB\xBF#!|#!(?=[^\n]))([^\n]*)/n : /\A#!([^\n]*)/n
        private_constant :PATTERN

        # @param source [String] the script
        # @param script [String] its path, for messages
        def initialize(source, script)
          @script = script
          @line = source.b[PATTERN, 1]
        end

        # @param settings [Settings] they take what the options say
        # @raise [Error] for an option that cannot be obeyed; if the line is for another program: Ruby would start at a
        #   later line of this kind, or not at all
        def read(settings)
          return unless @line

          warn_of_carriage_return(settings, nil) unless Parser.prism?
          Switches.new(words, settings, @script).read
          warn_of_carriage_return(settings, 1) if Parser.prism?
        end

        private

        # The words from the first option on; not all of them need be options.
        def words
          line = Parser.prism? ? @line : until_nul(@line)
          ruby = line.index("ruby") or raise Error, "#{@script}: no Ruby script: its first line is #!#{line.strip}"
          options = line.index(" -", ruby)
          options ? until_nul(line[options..]).split : []
        end

        def until_nul(bytes) = bytes[/[^\0]*/n]

        def warn_of_carriage_return(settings, line)
          settings.warn("shebang line ending with \\r may cause problems", line) if @line.end_with?("\r")
        end
      end
    end
  end
end
