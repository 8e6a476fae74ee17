# frozen_string_literal: true

# The results of a benchmark: rows of numbers, as a table and as a line of JSON.
require "etc"
require "json"

class Bench
  # `rows` are Hashes: see Results.row.
  class Results
    HEAD = ["", "way", "median", "compared with", "median", "ratio", "by the clock", "bound"].freeze
    UNITS = { "s" => 1, "ms" => 1e-3, "us" => 1e-6, "ns" => 1e-9 }.freeze

    class << self
      # A row with its numbers.
      def row(row)
        (ours, our_clock), (theirs, their_clock) = row.way.medians, row.baseline.medians
        { name: row.name, way: row.way.name, ours: ours, baseline: row.baseline.name, theirs: theirs,
          ratio: ours / theirs, clock: our_clock && their_clock && our_clock / their_clock,
          bound: row.bound, chart: row.chart, unit: row.unit.to_s }
      end

      # All results that were saved in a file.
      def load(file)
        File.readlines(file).map do |line|
          saved = JSON.parse(line, symbolize_names: true)
          new(*saved.values_at(:title, :rows, :notes, :machine))
        end
      end

      # Several results in one table.
      def summary(results)
        lines = results.flat_map { |result| [[result.title], *result.rows.map { |row| cells(row, "  #{row[:name]}") }] }
        align([HEAD, *lines])
      end

      # Lines of cells as text; a line with a single cell is a heading.
      def align(lines)
        widths = lines.select { |line| line.size > 1 }.transpose.map { |column| column.map(&:size).max }
        lines.map do |line|
          next line if line.size == 1

          line.zip(widths).map { |cell, width| cell.ljust(width) }.join("  ").rstrip
        end
      end

      # The machine, the Ruby and the method of the measurement.
      def machine
        how = if Bench.trial?
                "tried out with RUNS=#{RUNS}: these numbers mean nothing"
              else
                "medians of #{RUNS} runs, interleaved; times and ratios are of the processor"
              end
        "#{RUBY_DESCRIPTION}, #{Etc.nprocessors} processors, #{Time.now.strftime("%F")}, #{how}"
      end

      # A row as text.
      def cells(row, name = row[:name])
        ours, theirs = row.values_at(:ours, :theirs).map { |number| amount(number, row[:unit]) }
        [name, row[:way], ours, row[:baseline], theirs, ratio(row[:ratio]), ratio(row[:clock]), verdict(row)]
      end

      private

      def verdict(row)
        return row[:bound].to_s if row[:bound].nil? || Bench.trial?

        "#{row[:bound]} #{row[:ratio] <= row[:bound] ? "held" : "MISSED"}"
      end

      def ratio(number)
        return "" unless number

        number < 0.1 ? format("%.4f", number) : format("%.2f", number)
      end

      def amount(number, unit)
        return format("%.1f bytes", number) if unit == "bytes"

        unit, size = UNITS.find { |_, size| number >= size } || UNITS.to_a.last
        "#{format("%.3g", number / size)} #{unit}"
      end
    end

    attr_reader :title, :rows, :notes, :machine

    def initialize(title, rows, notes, machine = self.class.machine)
      @title = title
      @rows = rows
      @notes = notes
      @machine = machine
    end

    def text
      table = self.class.align([HEAD, *rows.map { |row| self.class.cells(row) }])
      [title, machine, "", *table, "", *notes].join("\n").chomp
    end

    # A section of a page.
    def markdown
      lines = [HEAD, Array.new(HEAD.size, "---"), *rows.map { |row| self.class.cells(row) }]
      ["## #{title[0].upcase}#{title[1..]}", "", *lines.map { |line| "| #{line.join(" | ")} |" }, "", *notes].join("\n")
    end

    # Appends the results to a file.
    def save(file)
      File.write(file, "#{JSON.generate(title: title, rows: rows, notes: notes, machine: machine)}\n", mode: "a")
    end
  end
end
