# frozen_string_literal: true

# The generated parts of docs/mounts.md: the functions with and without hooks, and the tested uses of files.
require_relative "c_library_paths"
require_relative "../mounts/case_list"
require_relative "../mounts/differences"

module MountsPage
  FILE = "#{RubyProcess::PROJECT}/docs/mounts.md".freeze
  COMMAND = "rake mounts:page"
  PARTS = %w[uses functions].freeze

  class << self
    # The page as it should be.
    def text
      PARTS.reduce(File.read(FILE)) do |page, part|
        marks = ["<!-- #{part}: made by #{COMMAND} -->\n", "<!-- end of #{part} -->\n"]
        before, rest = page.split(marks.first, 2)
        after = rest&.split(marks.last, 2)&.last || raise("#{FILE} has no place for #{part}")
        [before, marks.first, "\n", public_send(part), "\n", marks.last, after].join
      end
    end

    def functions = CLibraryPaths.tables

    def uses
      lines = CaseList.subjects.map do |subject|
        "| #{description(subject)} | #{CaseList.of(subject).size} | #{differences(subject)} |"
      end
      "| uses | how many | differs from disk |\n|---|---|---|\n#{lines.join("\n")}\n"
    end

    private

    def description(subject)
      File.readlines("#{__dir__}/../mounts/cases/#{subject}.rb")[2].delete_prefix("# ").chomp.delete_suffix(".")
    end

    def differences(subject)
      listed = Differences::BY_DESIGN.fetch(subject, {})
      by_reason = listed.group_by(&:last)
      by_reason.map { |reason, cases| "#{reason} (#{cases.map(&:first).join("; ")})" }.join("<br>")
    end
  end
end
