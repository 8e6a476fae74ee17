# frozen_string_literal: true

require "kramdown"

# Makes the manual page of docs/cli.md.
module ManPage
  ROOT = File.expand_path("../..", __dir__).freeze
  SOURCE = "#{ROOT}/docs/cli.md".freeze
  FILE = "#{ROOT}/man/invfs.1".freeze

  # Ends a list, or the code that follows it would belong to its last item.
  END_OF_LIST = "\n^\n"

  # Curly quotes, and the accent that kramdown takes for the straight one, as straight ones: code is copied.
  QUOTES = { "\\[u2018]" => "\\(aq", "\\[u2019]" => "\\(aq", "\\'" => "\\(aq", "\\[u201c]" => '"', "\\[u201d]" => '"' }.freeze

  TITLE = "# invfs(1) -- packs Ruby programs into archives and runs them\n"
  private_constant :END_OF_LIST, :QUOTES, :TITLE

  class << self
    # @return [String] the page for `man`
    def text = Kramdown::Document.new(plain(File.read(SOURCE))).to_man.gsub(Regexp.union(QUOTES.keys), QUOTES)

    private

    # Without what a terminal cannot show: links become their texts, and tables, which are too wide, lists of terms.
    def plain(markdown)
      text = markdown.sub(/\A# .*\n/, TITLE).gsub(/^<!--.*-->\n/, "").gsub(/^```/, "~~~~")
      text = text.gsub(/\[([^\]]+)\]\([^)\s]+\)/, '\1')
      text.gsub(/^\|.*\n\|[-|]+\n((?:\|.*\n)+)/) { Regexp.last_match(1).lines.map { |line| term(line) }.join("\n") + END_OF_LIST }
    end

    # A row of a table: `| a | b |`. A bar in code has a backslash in front of it.
    def term(row)
      first, *rest = row.strip[1..-2].split(/(?<!\\)\|/).map { |cell| cell.strip.gsub("\\|", "|") }
      rest.reject!(&:empty?)
      rest.empty? ? "* #{first}\n" : "#{first}\n: #{rest.join("; ")}\n"
    end
  end
end
