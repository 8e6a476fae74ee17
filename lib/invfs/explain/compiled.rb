# frozen_string_literal: true

require_relative "../own_entries"

module InVFS
  class Explanation
    # Whether compiled code is loaded instead of a source, and why not.
    class Compiled
      # @return [Array(Symbol, String)] outcome and words
      def self.of(vfs, sub, path) = new(vfs, sub, path).outcome

      def initialize(vfs, sub, path)
        @vfs = vfs
        @sub = sub
        @path = path
      end

      def outcome
        return [:not_compiled, "not used: Coverage is set up, which needs the source"] if Located.counts_lines?
        return [:compiled, "used: the form for #{InVFS.compiled_key}"] if Located.compiled?(@vfs, @sub, @path)

        [:not_compiled, "not used: #{reason}"]
      end

      private

      def reason
        archive, name = holder(@vfs, @sub)
        return "only archives hold it" unless archive

        keys = keys(archive, name)
        if keys.include?(InVFS.compiled_key)
          "the form for this Ruby is of another source, or damaged; invfs compile makes it anew"
        elsif keys.any?
          "no form for this Ruby, #{InVFS.compiled_key}; there is one for #{keys.join(", ")}"
        else
          "there is none in #{archive.to_path}; invfs compile adds it"
        end
      end

      # The archive that has the file, and its name there.
      def holder(vfs, sub)
        case vfs
        when ZipFS then [vfs, sub]
        when SubFS then holder(vfs.parent, "#{vfs.dir}/#{sub}")
        when UnionFS
          layers = vfs.__send__(:layers)
          layer = layers.find { |one| Located.vfs?(one) ? one.file?(sub) : File.file?("#{one}/#{sub}") }
          Located.vfs?(layer) ? holder(layer, sub) : nil
        end
      end

      # The Rubies that the archive has a compiled form for.
      def keys(archive, name)
        forms = archive.entries.filter_map { |entry| OwnEntries.compiled_form(entry) }
        forms.filter_map { |key, source| key if source == name.b }.sort
      end
    end
  end
end
