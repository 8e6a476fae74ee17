# frozen_string_literal: true

require_relative "../pack"
require_relative "command"
require_relative "progress"
require_relative "standard_output"

module InVFS
  module CLI
    # `invfs pack`
    class Pack < Command
      USAGE_LINE = "pack DIR [options]"
      SUMMARY = <<~TEXT
        Writes a zip archive of DIR. The same files always give the same archive, and an old archive is replaced only
        when the new one is whole. Everything is packed, but for .git, what a .invfsignore in DIR names, and what is
        asked for here. GLOB is relative to DIR; without a slash it means names anywhere. See docs/cli.md.
      TEXT

      # The name of the output that means standard output.
      STANDARD_OUTPUT = "-"
      private_constant :STANDARD_OUTPUT

      private

      def options(parser)
        @rules = { include: [], exclude: [] }
        parser.on("-o", "--output FILE", "The archive (DIR.zip, in the current directory);",
                  "standard output: -") { |file| @output = file }
        parser.on("--force", "Replace FILE even if it is no archive") { @rules[:force] = true }
        parser.on("--exclude GLOB", "Leave out what fits; may be repeated") { |text| add_glob(:exclude, text) }
        parser.on("--include GLOB", "Leave out what does not fit; may be repeated") { |text| add_glob(:include, text) }
        parser.on("--follow", "Pack what links that lead out of DIR lead to") { @rules[:follow] = true }
        parser.on("--main FILE", "The script that invfs run runs") { |file| @rules[:main] = file }
        parser.on("--compile", "Also store compiled code for this Ruby") { @rules[:compile] = true }
        compression_options(parser, "deflate; compiled code: stored")
        parser.on("--list", "List what is packed and what is left out") { @list = true }
        parser.on("-n", "--dry-run", "Write nothing") { @dry_run = true }
        parser.on("-q", "--quiet", "Say nothing but errors") { @quiet = true }
      end

      def add_glob(rule, text)
        raise OptionParser::InvalidArgument, text.inspect if text.delete("/").empty?

        @rules[rule] << text
      end

      def run(directory)
        check_compression
        output = @output || default_output(directory)
        summary = write(InVFS::Pack.new(directory, **@rules, method: @method, level: @level), output)
        report(summary, output) unless @quiet
        SUCCESS
      end

      # The archive on standard output leaves the other one for what there is to say.
      def report(summary, output)
        list(summary) if @list
        say(*closing(summary, output))
      end

      def say(*lines) = (@output == STANDARD_OUTPUT && !@dry_run ? $stderr : $stdout).puts(*lines)

      def default_output(directory)
        name = File.basename(File.expand_path(directory))
        name == "/" ? raise(UsageError, "-o is missing: #{directory} has no name for the archive") : "#{name}.zip"
      end

      def write(pack, output)
        return StandardOutput.write(copy: !@dry_run) { |path| write(pack, path) } if output == STANDARD_OUTPUT
        return pack.plan(output) if @dry_run

        Progress.show(quiet: @quiet) { |progress| pack.write(output, &progress) }
      end

      def list(summary)
        summary.names.each { |name| say show(name) }
        summary.left_out.each { |left| say "left out (#{reason(left.reason)}): #{show(left.name)}#{files_in(left)}" }
        list_not_compiled(summary)
      end

      def files_in(left) = left.name.end_with?("/") ? " (#{count(left.count, "file")})" : ""

      def reason(key) = InVFS::Pack::Summary::REASONS.fetch(key)

      def closing(summary, output)
        text = "#{count(summary.files, "file")}, #{size(summary.bytes)}"
        reasons = summary.left_out_by_reason.map { |key, number| "#{reason(key)} #{number}" }
        text += "; left out: #{summary.left_out_count} (#{reasons.join(", ")})" if reasons.any?
        text += "; compiled: #{compiled(summary)}" if @rules[:compile] && !@dry_run
        @dry_run ? text : "#{show(output)}: #{size(summary.archive_size)}; #{text}"
      end

      def compiled(summary)
        not_compiled = summary.not_compiled.size
        "#{summary.compiled.size}#{" (not: #{not_compiled})" if not_compiled.positive?}"
      end
    end
    private_constant :Pack
  end
end
