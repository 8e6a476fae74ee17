# frozen_string_literal: true

require "optparse"

module InVFS
  module CLI
    # Shared by the subcommands: options, help, wrong arguments.
    #
    # A subcommand has USAGE_LINE, SUMMARY, `options(parser)`, and `run(*arguments)`, which returns the exit code.
    class Command
      # @param arguments [Array<String>]
      # @return [Integer] the exit code
      def call(arguments)
        rest = parser.parse(arguments.map { |argument| bytes(argument) })
        return SUCCESS if @helped

        run(*expect(rest))
      rescue OptionParser::ParseError => e
        raise UsageError, "#{e.message}; see #{program} --help"
      end

      # @return [String] what `--help` prints
      def help = parser.help

      private

      def name = self.class.name[/\w+\z/].downcase

      # Names of files may have bytes that are no characters: optparse takes them only in binary.
      def bytes(argument) = argument.valid_encoding? ? argument : argument.b

      # What the user calls.
      def program = "invfs #{name}"

      def parser
        OptionParser.new do |parser|
          parser.banner = "Usage: #{program} #{self.class::USAGE_LINE}\n\n#{self.class::SUMMARY}\n"
          parser.version = VERSION
          options(parser)
          parser.on("-h", "--help", "Show this") do
            puts parser.help
            @helped = true
            parser.terminate
          end
        end
      end

      # Subcommands take exactly one argument: this is its name.
      def expect(arguments)
        wanted = self.class::USAGE_LINE[/\b[A-Z]+\b/]
        return arguments if arguments.size == 1

        problem = arguments.empty? ? "#{wanted} is missing" : "one #{wanted} only, not also #{arguments[1]}"
        raise UsageError, "#{problem}; see #{program} --help"
      end

      # The options for the compression.
      def compression_options(parser, usual)
        parser.on("--method METHOD", %w[stored deflate zstd],
                  "How to compress: stored, deflate or zstd", "(#{usual})") { |method| @method = method }
        parser.on("--level N", Integer, "How much: 0 to 12 for deflate (6),", "1 to 22 for zstd (3)") do |level|
          @level = level
        end
      end

      # The options for compiled code of files that stay on disk.
      # @yieldparam which [Symbol]
      def library_options(parser, &block)
        parser.on("--library WHICH", %i[needed all], "Of Ruby's own library compile what the",
                  "program names, or all (needed)", &block)
        parser.on("--no-library", "Compile nothing of Ruby's own library") { block.call(:none) }
      end

      def check_compression
        levels = { "stored" => nil, "deflate" => 0..12, "zstd" => 1..22 }.fetch(@method || "deflate")
        return if @level.nil? || levels&.cover?(@level)

        range = levels ? "the levels #{levels.min} to #{levels.max}" : "no levels"
        raise UsageError, "--level #{@level}: #{@method || "deflate"} has #{range}"
      end

      # A name for display: printable, on one line.
      def show(name)
        text = name.dup.force_encoding(Encoding::UTF_8)
        text.valid_encoding? && text.match?(/\A[[:print:]]*\z/) ? text : text.inspect[1..-2]
      end

      def list_not_compiled(result)
        result.not_compiled.each do |name, reason|
          say "not compiled: #{show(name)}: #{show(reason.lines.first.to_s.chomp)}"
        end
      end

      # Prints a result.
      def say(*lines) = puts(*lines)

      # A number of bytes for humans.
      def size(bytes)
        return "#{bytes} B" if bytes < 1000

        unit = %w[kB MB GB TB].find { |_| (bytes /= 1000.0) < 999.95 } || "TB"
        "#{bytes.round(1)} #{unit}"
      end

      def count(number, singular, plural = "#{singular}s") = "#{number} #{number == 1 ? singular : plural}"
    end
    private_constant :Command
  end
end
