# frozen_string_literal: true

require_relative "../zip"
require_relative "command"

module InVFS
  module CLI
    # `invfs doctor`
    class Doctor < Command
      USAGE_LINE = "[FILE|FEATURE] [options] [arguments]"
      SUMMARY = <<~TEXT
        Without FILE and FEATURE: says whether invfs works here, and how.
        FEATURE: says step by step where require looks for it, and why it is found or not. Nothing of it is loaded.
        FILE: checks an archive, as invfs verify does, and says for which Rubies it holds compiled code, for which
        systems native extensions, whether they fit here, and whether the libraries are here that they need. What is
        broken, missing or not found: exit code 1. With --trial it also runs the program, with the arguments after FILE,
        and lists what it read outside of the archive.
      TEXT

      private

      def options(parser)
        parser.on("-I", "--load-path DIR", "Put DIR, or an archive, in front of $LOAD_PATH;",
                  "more than once if need be") { |dir| (@load_path ||= []) << dir }
        parser.on("-r", "--require NAME", "Load NAME first; more than once if need be") do |name|
          (@required ||= []) << name
        end
        parser.on("--trial", "Run the program of FILE, and list what it reads", "outside of the archive") do
          @trial = true
        end
      end

      # Only a trial has further arguments.
      def expect(arguments)
        return [nil] if arguments.empty? && !@trial
        return super unless @trial && arguments.any?

        @arguments = arguments.drop(1)
        arguments.take(1)
      end

      def run(name)
        $LOAD_PATH.unshift(*@load_path)
        @required&.each { |feature| require feature }
        return installation unless name

        return archive(name) if archive?(name)

        raise UsageError, "--trial: #{name} is no archive" if @trial

        feature(name)
      end

      def installation
        require_relative "installation_report"
        report = InstallationReport.new
        puts "invfs #{VERSION}", *report.lines.map { |line| "  #{line}" }
        report.good? ? SUCCESS : FAILURE
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
        report.missing.each { |library, user| CLI.complain("#{show(path)}: #{show(user)} needs #{library}, not here") }
        tried = !@trial || trial(path, report)
        return report.missing.empty? && tried ? SUCCESS : FAILURE if report.problems.empty?

        CLI.complain("#{show(path)}: #{report.problems.size} of #{count(report.entries, "entry", "entries")} broken")
      end

      # Runs the program and prints what it read outside.
      # @return [Boolean] whether it ended well
      def trial(path, report)
        require_relative "trial"
        trial = Trial.new(path, @arguments, writable: report.writable)
        trial.outside.each { |what, names| names.each { |name| puts "  #{what} from outside: #{show(name)}" } }
        puts "  trial: nothing was read from outside" if trial.outside.empty?
        CLI.complain("#{show(path)}: the trial run failed: #{trial.ended}") unless trial.good?
        trial.good?
      end
    end
    private_constant :Doctor
  end
end
