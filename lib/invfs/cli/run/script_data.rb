# frozen_string_literal: true

require_relative "parser"

module InVFS
  module CLI
    class Run
      # DATA: the main script, opened after __END__, as Ruby does it.
      module ScriptData
        class << self
          # @param source [String] the script
          # @param script [String] its path
          def provide(source, script)
            at = data_position(source) or return

            file = File.file?(script) ? File.open(script) : temporary(source)
            file.pos = at
            as_read_so_far(file, source, at) unless Parser.prism?
            Object.const_set(:DATA, file)
          end

          private

          # Prism opens the file anew. The older parser leaves the one that it has read, in the encoding of the source.
          # There a first line with `#!` counts twice, because it was read twice.
          def as_read_so_far(file, source, at)
            file.set_encoding(encoding(source))
            file.lineno = source.byteslice(0, at).lines.size + (source.start_with?("#!") ? 1 : 0)
          end

          # Only if the code before it is complete: __END__ may also be part of a heredoc or a block comment.
          def data_position(source)
            found = nil
            while (found = source.b.match(/^__END__\r?(?:\n|\z)/n, found ? found.end(0) : 0))
              return found.end(0) if whole?(source.byteslice(0, found.begin(0)))
            end
          end

          def whole?(code)
            verbose, $VERBOSE = $VERBOSE, nil
            RubyVM::InstructionSequence.compile(code.force_encoding(Encoding::UTF_8))
            true
          rescue SyntaxError, ArgumentError
            # If the script is wrong, Ruby reports it when it loads it.
            false
          ensure
            $VERBOSE = verbose
          end

          # For systems where archives are not readable as directories.
          def temporary(source)
            require "tempfile"
            Tempfile.create("invfs") do |file|
              File.binwrite(file.path, source)
              File.open(file.path)
            end
          end

          # The encoding in the magic comment. If it is wrong, Ruby reports it when it loads the script.
          def encoding(source)
            name = source.b[/\A(?:\xEF\xBB\xBF)?(?:#!.*\n)?+[ \t\f\v]*#.*?coding[ \t]*[:=][ \t]*"?([\w.-]+)/n, 1]
            Encoding.find(name || "UTF-8")
          rescue ArgumentError
            Encoding::UTF_8
          end
        end
      end
    end
  end
end
