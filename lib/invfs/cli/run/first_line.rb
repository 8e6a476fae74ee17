# frozen_string_literal: true

module InVFS
  module CLI
    class Run
      # Finds the options in the first line of a main script, by Ruby's rules: `#!` at the very beginning, "ruby"
      # somewhere after it, and then the first dash that follows a space.
      class FirstLine
        # @param source [String] the script
        # @param script [String] its path, for messages
        def initialize(source, script)
          @script = script
          @line = source.b[/\A#!([^\n]*)/n, 1]
        end

        # @return [Array<String>] the words from the first option on; not all of them need be options
        # @raise [Error] if the line is for another program: Ruby would start at a later line of this kind, or not at
        #   all
        def words
          return [] unless @line

          warn("ruby: warning: shebang line ending with \\r may cause problems") if @line.end_with?("\r")
          line = @line[/[^\0]*/n]
          ruby = line.index("ruby") or raise Error, "#{@script}: no Ruby script: its first line is #!#{line.strip}"
          options = line.index(" -", ruby)
          options ? line[options..].split : []
        end
      end
    end
  end
end
