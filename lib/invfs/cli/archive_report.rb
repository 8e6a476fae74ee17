# frozen_string_literal: true

require_relative "../pack"
require_relative "shared_object"

module InVFS
  module CLI
    # The report of `invfs doctor` on an archive.
    class ArchiveReport
      # @return [Hash{String => String}] name of an entry => what is wrong with it
      attr_reader :problems

      # @return [Integer] how many entries there are
      attr_reader :entries

      # @return [Array<String>] further remarks
      attr_reader :lines

      # @yield as {Pack.check} does
      # @raise [InVFS::ArchiveError, SystemCallError] if it cannot be opened
      def initialize(path, &progress)
        check = InVFS::Pack.check(path, &progress)
        @problems = check.problems
        @entries = check.entries
        @archive = InVFS.zip(path)
        @names = @archive.entries
        @lines = [contents, *compiled, *extensions, *links(check), *large, *main]
      ensure
        @archive&.close
      end

      private

      def contents
        good = @problems.empty?
        good ? "contents: everything was read, all checksums are right" : "contents: #{@problems.size} broken"
      end

      def compiled
        forms = @names.filter_map { |name| InVFS::Pack.compiled_form(name) }.group_by(&:first)
        sources = @names.count { |name| name.end_with?(".rb") && !own?(name) }
        return ["compiled code: none; invfs compile adds it"] if forms.empty?

        key = InVFS.compiled_key
        lines = forms.sort.map do |name, found|
          whose = name == key ? "this Ruby" : "another Ruby than this"
          "compiled code: #{found.size} of #{sources} for #{name}, #{whose}"
        end
        return lines if forms.key?(key)

        lines << "compiled code: none for this Ruby, #{key}: sources are compiled at each start"
      end

      def extensions
        platforms = @names.grep(/\.(so|bundle|dll)\z/n).reject { |name| @problems.key?(name) }.group_by do |name|
          SharedObject.platform(contents_of(name))
        end
        platforms.sort_by { |platform, _| platform.to_s }.map do |platform, names|
          fits = SharedObject.fits?(platform) ? "as here" : "not what this Ruby can load"
          "native extensions: #{names.size} for #{platform || "no system, they are no shared objects"} " \
            "(#{fits}): #{names.first(3).join(", ")}#{", ..." if names.size > 3}"
        end
      end

      def links(check)
        links = @names.count { |name| ArchiveEntry.of(@archive, name)&.symlink? }
        out = @problems.count { |_, reason| reason.include?("leads out") }
        return [] if links.zero?

        ["links: #{links}, leading out of the archive: #{out}, leading to nothing: #{check.dangling.size}"]
      end

      # Files that require skips.
      def large
        names = @names.select { |name| name.match?(/\.(rb|so|bundle)\z/n) && size(name) > MAX_LOADSIZE }
        names.map { |name| "too large to be loaded: #{name}, #{size(name)} bytes (the limit is #{MAX_LOADSIZE})" }
      end

      def main
        return [] unless @archive.file?(InVFS::Pack::MAIN) && !@problems.key?(InVFS::Pack::MAIN)

        ["main script: #{@archive.read(InVFS::Pack::MAIN).chomp}"]
      end

      def own?(name) = name.b.start_with?(".invfs/")

      def size(name) = ArchiveEntry.of(@archive, name).size

      # A link to nothing has no contents.
      def contents_of(name)
        @archive.file?(name) ? @archive.read(name) : ""
      end
    end
    private_constant :ArchiveReport
  end
end
