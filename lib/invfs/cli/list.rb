# frozen_string_literal: true

require_relative "../pack"
require_relative "command"

module InVFS
  module CLI
    # `invfs list`
    class List < Command
      USAGE_LINE = "ARCHIVE [options]"
      SUMMARY = <<~TEXT
        Lists the files in ARCHIVE: size, method of compression, for which Rubies there is compiled code, name.
      TEXT

      private

      def options(parser)
        parser.on("-l", "--long", "Also type and permissions, compressed size,", "CRC-32, time (UTC), exact Rubies;",
                  "and what invfs itself has put in") { @long = true }
      end

      def run(path)
        @archive = InVFS.zip(path)
        names = @archive.entries.map(&:b)
        @rubies = rubies(names)
        shown = @long ? names : names.reject { |name| OwnEntries.own?(name) }
        table(shown.map { |name| @long ? long(name, entry(name)) : short(name, entry(name)) })
        puts closing(*names.partition { |name| OwnEntries.own?(name) })
        SUCCESS
      end

      def entry(name) = ArchiveEntry.of(@archive, name)

      # Source => the keys of the Rubies that it is compiled for.
      def rubies(names)
        forms = names.filter_map { |name| OwnEntries.compiled_form(name) }
        forms.group_by(&:last).transform_values { |found| found.map(&:first).sort }
      end

      def short(name, entry)
        versions = @rubies.fetch(name, []).map { |key| key[/\A[^-]*/] }
        [entry.size, method_of(entry), versions.uniq.join(","), show(name)]
      end

      def long(name, entry)
        ["#{entry.symlink? ? "l" : "-"}#{entry.mode.to_s(8).rjust(4, "0")}", entry.size, entry.compressed_size,
         method_of(entry), entry.crc.to_s(16).rjust(8, "0"), Time.at(entry.mtime).utc.strftime("%F %T"),
         @rubies.fetch(name, []).join(","), show(name)]
      end

      def method_of(entry) = entry.encrypted? ? "encrypted" : entry.compression

      # Aligns numbers right and texts left; the name at the end stays as it is.
      def table(rows)
        widths = rows.transpose.map { |column| column.map { |cell| cell.to_s.size }.max }
        rows.each do |*cells, name|
          puts [*cells.zip(widths).map { |cell, width| align(cell, width) }, name].join("  ")
        end
      end

      def align(cell, width) = cell.is_a?(Integer) ? cell.to_s.rjust(width) : cell.ljust(width)

      def closing(own, files)
        sizes = "#{size(sum(files, :size))}, compressed #{size(sum(files, :compressed_size))}"
        text = "#{count(files.size, "file")}, #{sizes}"
        keys = @rubies.values.flatten.tally.sort.map { |key, number| "#{key} (#{number})" }
        keys.empty? ? text : "#{text}; compiled for #{keys.join(", ")}: #{size(sum(own, :compressed_size))}"
      end

      def sum(names, what) = names.sum { |name| entry(name).public_send(what) }
    end
    private_constant :List
  end
end
