# frozen_string_literal: true

require_relative "../pack"
require_relative "libraries"
require_relative "run/manifest"
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

      # @return [Hash{String => String}] a library that extensions need and this machine lacks => who needs it
      attr_reader :missing

      # @return [Boolean] whether the program wants to write into its directory
      attr_reader :writable

      # @yield as {Pack.check} does
      # @raise [InVFS::ArchiveError, SystemCallError] if it cannot be opened
      def initialize(path, &progress)
        check = InVFS::Pack.check(path, &progress)
        @problems = check.problems
        @entries = check.entries
        @archive = InVFS.zip(path)
        @names = @archive.entries
        @missing = {}
        @lines = [contents, *compiled, *extensions, *libraries, *links(check), *large, *main, *program]
      ensure
        @archive&.close
      end

      private

      def contents
        good = @problems.empty?
        good ? "contents: everything was read, all checksums are right" : "contents: #{@problems.size} broken"
      end

      def compiled
        forms = @names.filter_map { |name| OwnEntries.compiled_form(name) }.group_by(&:first)
        sources = @names.count { |name| name.end_with?(".rb") && !OwnEntries.own?(name) }
        return ["compiled code: none; invfs compile adds it"] if forms.empty?

        key = InVFS.compiled_key
        lines = forms.sort.map do |name, found|
          whose = name == key ? "this Ruby" : "another Ruby than this"
          "compiled code: #{found.size} of #{sources} for #{name}, #{whose}"
        end
        return lines if forms.key?(key)

        lines << "compiled code: none for this Ruby, #{key}: sources are compiled at each start"
      end

      # By the systems that they are for.
      def shared_objects
        names = @names.grep(/\.(so|bundle|dll)\z/n).reject { |name| @problems.key?(name) }
        @shared_objects ||= names.group_by { |name| SharedObject.platform(contents_of(name)) }
      end

      def extensions
        shared_objects.sort_by { |platform, _| platform.to_s }.map do |platform, names|
          fits = SharedObject.fits?(platform) ? "as here" : "not what this Ruby can load"
          "native extensions: #{names.size} for #{platform || "no system, they are no shared objects"} " \
            "(#{fits}): #{names.first(3).join(", ")}#{", ..." if names.size > 3}"
        end
      end

      # For extensions that this Ruby may load, where it says what they need.
      def libraries
        found = shared_objects.select { |platform, _| platform.to_s.start_with?("ELF") && SharedObject.fits?(platform) }
        return [] if found.empty?

        libraries = Libraries.new(found.values.flatten.to_h { |name| [name, contents_of(name)] }, @names)
        @missing = libraries.missing
        libraries.lines
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
        return [] unless @archive.file?(OwnEntries::MAIN) && !@problems.key?(OwnEntries::MAIN)

        ["main script: #{@archive.read(OwnEntries::MAIN).chomp}"]
      end

      def program
        manifest = Run::Manifest.of(@archive) or return []
        @writable = !manifest.one("writable").nil?
        gems = manifest.all("gem").size
        wishes = { "writable" => @writable, "in its own directory" => manifest.one("chdir") }
        wishes = wishes.select { |_, value| value }.keys
        how = manifest.one("start") == "flat" ? "" : ", started by #{manifest.one("start")}"
        main = manifest.one("main") || "none"
        ["program: #{manifest.one("name")}#{how}#{", #{wishes.join(", ")}" if wishes.any?}; " \
         "main script: #{main}; commands: #{manifest.commands.size}; gems: #{gems}"]
      end

      def size(name) = ArchiveEntry.of(@archive, name).size

      # A link to nothing has no contents.
      def contents_of(name)
        @archive.file?(name) ? @archive.read(name) : ""
      end
    end
    private_constant :ArchiveReport
  end
end
