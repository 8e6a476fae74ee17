# frozen_string_literal: true

module InVFS
  class Pack
    # Puts the files of a tree, and their compiled forms, into an archive.
    class Entries
      # @param writer [InVFS::ArchiveWriter]
      # @param time [Integer] the time of all entries
      # @param compression [Array(String, Integer)] as the writer takes it
      # @param native_compression [Array(String, Integer)] for native extensions
      # @param progress [Proc, nil] gets the number of steps done, the number of all steps, and a name
      def initialize(writer, time, compression, native_compression, progress)
        @writer = writer
        @time = time
        @compression = compression
        @native_compression = native_compression
        @progress = progress
        @done = 0
        @sources = {}
      end

      # Adds the files and links, the name of the main script, then the empty directories.
      # @return [Integer] how many bytes the files have
      def add(items, main:, compile:)
        @compile = compile
        directories, others = items.partition { |item| item.kind == :directory }
        @total = items.size + (compile ? others.count { |item| compiled?(item) } : 0)
        # The name of the main script goes where it sorts among the names.
        before, after = others.partition { |item| item.name < OwnEntries::MAIN }
        bytes = add_all(before)
        @writer.add(OwnEntries::MAIN, "#{main}\n", 0o644, @time, @compression) if main
        bytes + add_all(after) + add_all(directories)
      end

      # Adds the compiled forms of the added files, and of those that they load from Ruby's own library.
      # @param wanted [Symbol] see {Library.files}
      # @return [Hash] compiled: the names of the added files that have one; library: the paths of the others;
      #   not_compiled: name of an added file without compiled code => why
      def compile(wanted)
        library = Library.files(@sources.values, wanted)
        @total += library.size
        not_compiled = {}
        Compiler.open do |compiler|
          compiled = @sources.select do |name, source|
            add_form(compiler, name, source, Compiled.entry_name(name)) { |reason| not_compiled[name] = reason }
          end
          from_library = library.select do |path, source|
            add_form(compiler, path, source, Compiled.library_name(path, source))
          end
          { compiled: compiled.keys, library: from_library.keys, not_compiled: not_compiled }
        end
      end

      private

      def native?(item) = item.name.end_with?(".so", ".bundle")

      def compiled?(item) = item.kind == :file && Compiled.wanted?(item.name)

      def add_all(items)
        items.sum do |item|
          step(item.name)
          Refusal.naming(item.path || item.name) { add_one(item) }
        end
      end

      def add_one(item)
        case item.kind
        when :file then add_file(item)
        when :link then add_link(item)
        else add_directory(item)
        end
      end

      # @return [Boolean] whether there is one
      def add_form(compiler, name, source, entry_name, &reason)
        step(name)
        form = compiler.build(source, &reason) or return false
        @writer.add(entry_name, form, 0o644, @time, @compression)
        true
      end

      def add_file(item)
        contents = item.read
        @writer.add(item.name, contents, item.mode, @time, native?(item) ? @native_compression : @compression)
        # Kept, so that the packed contents are compiled, whatever happens to the file meanwhile.
        @sources[item.name] = contents if @compile && compiled?(item)
        contents.bytesize
      end

      def add_link(item)
        @writer.symlink(item.name, item.target, @time)
        0
      end

      def add_directory(item)
        @writer.directory(item.name, item.mode, @time)
        0
      end

      def step(name)
        @progress&.call(@done, @total, name)
        @done += 1
      end
    end
    private_constant :Entries
  end
end
