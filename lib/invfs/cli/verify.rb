# frozen_string_literal: true

require_relative "../pack"
require_relative "command"
require_relative "progress"

module InVFS
  module CLI
    # `invfs verify`
    class Verify < Command
      USAGE_LINE = "ARCHIVE [options]"
      SUMMARY = <<~TEXT
        Reads every entry of ARCHIVE and checks everything about it: how the archive is built, sizes and checksums, where
        links lead, that compiled code was made from the source beside it. Names what is broken, and then exits with 1.
      TEXT

      private

      def options(parser)
        parser.on("-q", "--quiet", "Say nothing but errors") { @quiet = true }
      end

      def run(archive)
        check = Progress.show(quiet: @quiet) { |progress| InVFS::Pack.check(archive, &progress) }
        check.problems.each { |name, reason| CLI.complain("#{show(archive)}: #{show(name)}: #{reason}") }
        entries = count(check.entries, "entry", "entries")
        return CLI.complain("#{show(archive)}: #{check.problems.size} of #{entries} broken") unless check.good?

        puts "#{show(archive)}: #{entries}, all good#{dangling(check)}" unless @quiet
        SUCCESS
      end

      def dangling(check)
        number = check.dangling.size
        number.zero? ? "" : "; #{count(number, "link leads", "links lead")} to nothing: #{show(check.dangling.first)}"
      end
    end
    private_constant :Verify
  end
end
