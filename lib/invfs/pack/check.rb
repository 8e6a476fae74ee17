# frozen_string_literal: true

module InVFS
  class Pack
    # Reads everything in an archive and reports what is wrong. Opening the archive has checked its structure.
    class Check
      # @return [Hash{String => String}] name of a broken entry => what is wrong with it
      attr_reader :problems

      # @return [Integer] how many files, links and compiled forms there are
      attr_reader :entries

      # @return [Array<String>] the links that lead to nothing, or in circles: perhaps they did so on disk too
      attr_reader :dangling

      # @param archive [String] the path of an archive
      # @yield as {Pack#write} does
      # @raise [InVFS::ArchiveError, SystemCallError] if it cannot be opened
      def initialize(archive)
        @archive = InVFS.zip(archive, max_entry_size: NO_LIMIT)
        names = @archive.entries
        @problems = @archive.refused
        @entries = names.size + @problems.size
        @dangling = []
        names.each_with_index do |name, done|
          yield done, names.size, name if block_given?
          reason = wrong_with(name)
          @problems[name] = reason if reason
        end
      ensure
        @archive&.close
      end

      def good? = @problems.empty?

      private

      def wrong_with(name)
        contents = ArchiveEntry.read(@archive, name)
        return main(contents) if name == OwnEntries::MAIN
        return manifest(contents) if name == OwnEntries::MANIFEST

        form(name, contents) if OwnEntries.compiled_form(name)
      rescue Errno::EISDIR
        # A link to a directory.
        nil
      rescue Errno::ENOENT, Errno::ELOOP
        @dangling << name
        nil
      rescue ArchiveError => e
        Refusal.reason(e)
      end

      def main(contents)
        name = contents.delete_suffix("\n")
        "it names #{name.inspect} as the main script, which is not there" unless @archive.file?(name)
      end

      def manifest(contents)
        scripts = contents.b.scan(/^(?:main|command [^ \n]+) ([^\n]*)$/n).flatten
        missing = scripts.find { |script| !@archive.file?(script) }
        "it names #{missing.inspect} as a script, which is not there" if missing
      end

      # Does not load compiled code: that could crash Ruby, and the code is for one Ruby only.
      def form(name, contents)
        _, source = OwnEntries.compiled_form(name)
        return "it is compiled code without a source: #{source.inspect} is not there" unless @archive.file?(source)
        return if Compiled.made_from?(contents, @archive.read(source))

        "it is compiled code of another source; invfs compile makes it anew"
      end
    end
  end
end
