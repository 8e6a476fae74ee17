# frozen_string_literal: true

require_relative "../pack"
require_relative "command"
require_relative "progress"

module InVFS
  module CLI
    # `invfs unpack`
    class Unpack < Command
      USAGE_LINE = "ARCHIVE [options]"
      SUMMARY = <<~TEXT
        Writes what is in ARCHIVE to a directory, without what invfs itself added (compiled code and the like). Every file
        is checked first. What is broken is named and left out, and then the exit code is 1.
      TEXT

      private

      def options(parser)
        parser.on("-d", "--directory DIR", "Where to (ARCHIVE without .zip,",
                  "in the current directory)") do |directory|
          @directory = directory
        end
        parser.on("--force", "Write into DIR even if it is not empty,", "and replace files there") { @force = true }
        parser.on("-q", "--quiet", "Say nothing but errors") { @quiet = true }
      end

      def run(archive)
        directory = @directory || default(archive)
        result = Progress.show(quiet: @quiet) do |progress|
          InVFS::Pack.unpack(archive, directory, force: @force, &progress)
        end
        result.problems.each { |name, reason| CLI.complain("#{show(archive)}: #{show(name)}: #{show(reason)}") }
        puts "#{show(directory)}: #{count(result.files, "file")}, #{size(result.bytes)}" unless @quiet
        result.good? ? SUCCESS : FAILURE
      end

      def default(archive)
        name = File.basename(archive)
        return name.delete_suffix(".zip") if name.end_with?(".zip") && name != ".zip"

        raise UsageError, "--directory is missing: #{archive} does not end in .zip"
      end
    end
    private_constant :Unpack
  end
end
