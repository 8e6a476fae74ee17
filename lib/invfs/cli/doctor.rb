# frozen_string_literal: true

require_relative "../zip"
require_relative "command"

module InVFS
  module CLI
    # `invfs doctor`
    class Doctor < Command
      USAGE_LINE = "FILE|FEATURE [options]"
      SUMMARY = <<~TEXT
        FEATURE: says step by step where require looks for it, and why it is found or not. Nothing of it is loaded.
        FILE: checks an archive, as invfs verify does, and says for which Rubies it holds compiled code, for which
        systems native extensions, and whether they fit here. What is broken or not found: exit code 1.
      TEXT

      private

      def options(parser)
        parser.on("-I", "--load-path DIR", "Put DIR, or an archive, in front of $LOAD_PATH;",
                  "more than once if need be") { |dir| (@load_path ||= []) << dir }
        parser.on("-r", "--require NAME", "Load NAME first; more than once if need be") do |name|
          (@required ||= []) << name
        end
      end

      def run(name)
        $LOAD_PATH.unshift(*@load_path)
        @required&.each { |feature| require feature }
        archive?(name) ? archive(name) : feature(name)
      end

      # True if the argument is a file and cannot be the name of a feature.
      def archive?(name) = File.file?(name) && !name.match?(/\.(rb|so|bundle)\z/n)

      def feature(name)
        explanation = InVFS.explain(name)
        puts explanation
        explanation.found? ? SUCCESS : CLI.complain("#{show(name)} #{explanation.conclusion}")
      end

      def archive(path)
        # Not needed for a feature; loaded here, they would count as already loaded when asked about.
        require_relative "progress"
        require_relative "archive_report"
        report = Progress.show(quiet: false) { |progress| ArchiveReport.new(path, &progress) }
        puts "#{show(path)}: zip archive, #{count(report.entries, "entry", "entries")}, #{size(File.size(path))}"
        report.lines.each { |line| puts "  #{show(line)}" }
        report.problems.each { |entry, reason| CLI.complain("#{show(path)}: #{show(entry)}: #{reason}") }
        return SUCCESS if report.problems.empty?

        CLI.complain("#{show(path)}: #{report.problems.size} of #{count(report.entries, "entry", "entries")} broken")
      end
    end
    private_constant :Doctor
  end
end
