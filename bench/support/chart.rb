# frozen_string_literal: true

# Draws bars as an SVG image, without any library.
class Bench
  # Groups of horizontal bars, each as long as its time relative to the first of its group.
  #
  #   Chart.new("Start", "1,000 files" => [["from disk", 0.2, 1.0], ["from a zip", 0.1, 0.5]]).svg
  #
  # A bar has a name, seconds, and a ratio. The chart has its own background, which follows the reader's preference for
  # light or dark, so that it is readable on any page.
  class Chart
    WIDTH = 760
    LEFT = 230
    RIGHT = 130
    LINE = 26
    BAR = 16
    # Longer bars are cut off here, visibly.
    LONGEST = 1.5
    UNIT = (WIDTH - LEFT - RIGHT) / LONGEST

    STYLE = <<~CSS
      svg { color-scheme: light dark; }
      .ground { fill: #ffffff; stroke: #d0d7de; } .cut { fill: #ffffff; }
      text { font: 13px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1f2328; }
      .title { font-size: 15px; font-weight: 600; } .group { font-weight: 600; } .small { fill: #59636e; }
      .line { stroke: #8c959f; stroke-dasharray: 3 3; } .other { fill: #9aa4af; } .ours { fill: #b5292b; }
      @media (prefers-color-scheme: dark) {
        .ground { fill: #0d1117; stroke: #30363d; } .cut { fill: #0d1117; }
        text { fill: #e6edf3; } .small { fill: #9198a1; }
        .line { stroke: #6e7681; } .other { fill: #57606a; } .ours { fill: #f0625d; }
      }
    CSS

    ESCAPES = { "&" => "&amp;", "<" => "&lt;", ">" => "&gt;", '"' => "&quot;" }.freeze

    # Our own ways, by name.
    OURS = /zip/

    # The groups of rows for a chart, ready for `new`.
    # @param rows [Array<Hash>] from Results
    def self.groups(rows)
      rows.select { |row| row[:chart] }.group_by { |row| row[:chart] }.transform_values do |members|
        stock = members.first
        [[stock[:baseline], stock[:theirs], 1.0], *members.map { |row| row.values_at(:way, :ours, :ratio) }]
      end
    end

    def initialize(title, groups)
      @title = title
      @groups = groups
    end

    def svg
      @y = 34
      body = @groups.map { |name, bars| group(name, bars) }.join
      <<~SVG
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 #{WIDTH} #{@y + 8}" width="#{WIDTH}" role="img">
        <title>#{escape(description)}</title>
        <style>
        #{STYLE.chomp}
        </style>
        <rect class="ground" x="0.5" y="0.5" width="#{WIDTH - 1}" height="#{@y + 7}" rx="6"/>
        #{text(16, 26, @title, "title")}#{body.chomp}
        </svg>
      SVG
    end

    private

    def description
      bars = @groups.map do |name, group|
        "#{name}: #{group.map { |bar, _, ratio| "#{bar} #{format("%.2f", ratio)}" }.join(", ")}"
      end
      [@title, *bars].join(". ")
    end

    def group(name, bars)
      @y += 30
      head = text(16, @y, name, "group")
      @y += 10
      top = @y
      drawn = bars.map { |bar| bar(*bar) }.join
      one = round(LEFT + UNIT)
      "#{head}<line class=\"line\" x1=\"#{one}\" y1=\"#{top}\" x2=\"#{one}\" y2=\"#{@y}\"/>\n#{drawn}"
    end

    def bar(name, seconds, ratio)
      y = @y
      @y += LINE
      length = [ratio, LONGEST].min * UNIT
      shape = %(<rect class="#{name.match?(OURS) ? "ours" : "other"}" x="#{LEFT}" y="#{y + 5}" ) +
              %(width="#{round(length)}" height="#{BAR}" rx="2"/>\n)
      shape += gap(y) if ratio > LONGEST
      text(LEFT - 10, y + 17, name, nil, "end") + shape +
        text(round(LEFT + length + 8), y + 17, "#{format("%.2f", ratio)}  (#{duration(seconds)})", "small")
    end

    # Two slanted strips near the end of a bar that does not fit.
    def gap(y)
      [34, 24].map do |back|
        x = LEFT + LONGEST * UNIT - back
        corners = [[x, y + 3], [x + 4, y + 3], [x - 1, y + 23], [x - 5, y + 23]]
        points = corners.map { |corner| corner.map { |number| round(number) }.join(",") }.join(" ")
        %(<polygon class="cut" points="#{points}"/>\n)
      end.join
    end

    def text(x, y, words, style, anchor = nil)
      more = "#{" class=\"#{style}\"" if style}#{" text-anchor=\"#{anchor}\"" if anchor}"
      %(<text x="#{x}" y="#{y}"#{more}>#{escape(words)}</text>\n)
    end

    def duration(seconds) = seconds < 1 ? "#{(seconds * 1000).round} ms" : "#{format("%.2f", seconds)} s"
    def round(number) = number.round(1).to_s.delete_suffix(".0")
    def escape(words) = words.gsub(/[&<>"]/, ESCAPES)
  end
end
