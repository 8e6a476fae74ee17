# frozen_string_literal: true

require_relative "../pack"
require_relative "command"
require_relative "progress"

module InVFS
  module CLI
    # `invfs compile`
    class Compile < Command
      USAGE_LINE = "ARCHIVE [options]"
      SUMMARY = <<~TEXT
        Adds compiled code for this Ruby to ARCHIVE, for every .rb file in it, or makes it anew. What is there for other
        Rubies stays, unless its source changed. The archive is replaced only when the new one is whole.
      TEXT

      private

      def options(parser)
        compression_options(parser, "deflate")
        library_options(parser) { |library| @library = library }
        parser.on("--list", "List what is compiled and what is not") { @list = true }
        parser.on("-q", "--quiet", "Say nothing but errors") { @quiet = true }
      end

      def run(archive)
        @method ||= "deflate"
        check_compression
        result = Progress.show(quiet: @quiet) do |progress|
          InVFS::Pack.compile(archive, method: @method, level: @level, library: @library || :needed, &progress)
        end
        return SUCCESS if @quiet

        list(result) if @list
        puts "#{show(archive)}: #{closing(result)}"
        SUCCESS
      end

      def list(result)
        result.compiled.each { |name| puts show(name) }
        list_not_compiled(result)
      end

      def closing(result)
        parts = ["#{count(result.compiled.size, "file")} compiled for #{CompiledCode.key}"]
        parts << "#{result.library.size} of Ruby's library" if result.library.any?
        parts << "not compiled: #{result.not_compiled.size}" if result.not_compiled.any?
        parts << "kept for other Rubies: #{result.kept}" if result.kept.positive?
        parts << "dropped, as their source changed: #{result.dropped}" if result.dropped.positive?
        parts.join("; ")
      end
    end
    private_constant :Compile
  end
end
