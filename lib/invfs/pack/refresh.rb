# frozen_string_literal: true

module InVFS
  class Pack
    # Adds compiled code for this Ruby to an archive, or renews it, and drops code without a source. Everything else is
    # copied as stored.
    class Refresh
      # @return [Array<String>] the names of the sources that were compiled
      attr_reader :compiled

      # @return [Array<String>] the paths of the files of Ruby's own library that were compiled
      attr_reader :library

      # @return [Hash{String => String}] name of a source that could not be compiled => why
      attr_reader :not_compiled

      # @return [Integer] how many compiled forms for other Rubies were kept
      attr_reader :kept

      # @return [Integer] how many compiled forms were dropped because their source changed or is gone
      attr_reader :dropped

      # @param archive [String] the path of an archive
      # @param compression [Array(String, Integer)] for compiled code
      # @param library [Symbol] see {Pack#initialize}
      # @yield as {Pack#write} does
      def initialize(archive, compression, library, &progress)
        @path, @compression, @wanted, @progress = archive, compression, library, progress
        @compiled, @library, @not_compiled, @kept, @dropped = [], [], {}, 0, 0
        # Before opening the archive, so that any change from here on is noticed.
        @identity = identity
        @archive = InVFS.zip(@path, max_entry_size: NO_LIMIT)
        # Raises the reason: the new archive would not have it.
        @archive.refused.each_key { |name| @archive.read(name) }
        Pack.replace(@path, @archive) { |writer| rewrite(writer) }
      ensure
        @archive&.close
      end

      private

      def identity
        stat = File.stat(@path)
        [stat.dev, stat.ino, stat.size, stat.mtime]
      end

      def rewrite(writer)
        forms, others = @archive.entries.map(&:b).partition { |name| OwnEntries.compiled_form(name) }
        others.reject! { |name| OwnEntries.library?(name, CompiledCode.key) }
        sources = others.select { |name| source?(name) }.sort
        kept = forms.select { |name| keep?(name) }
        library = Library.files(sources.map { |name| @archive.read(name) }, @wanted)
        @total = others.size + sources.size + kept.size + library.size
        @done = 0
        others.each { |name| copy(writer, name) }
        writer.copy_directories(@archive)
        Compiler.open do |compiler|
          add_forms(writer, compiler, kept, sources)
          add_library(writer, compiler, library)
        end
        return if identity == @identity

        raise ArchiveChangedError.new("#{@path}: the archive was changed meanwhile", archive: @path)
      end

      # Whether to compile it: only a file, not a link to one.
      def source?(name) = Compiled.wanted?(name) && !ArchiveEntry.of(@archive, name).symlink?

      # Code for this Ruby is made again. Code for other Rubies is kept as long as it fits the source.
      def keep?(name)
        key, source = OwnEntries.compiled_form(name)
        return false if key == CompiledCode.key.b && @archive.file?(source)

        fits = @archive.file?(source) && Compiled.made_from?(@archive.read(name), @archive.read(source))
        fits ? @kept += 1 : @dropped += 1
        fits
      end

      # Sorted by name, so that it does not matter which Ruby came first.
      def add_forms(writer, compiler, kept, sources)
        made = sources.to_h { |source| [Compiled.entry_name(source), source] }
        (kept + made.keys).sort.each do |name|
          made[name] ? compile(writer, compiler, name, made[name]) : copy(writer, name)
        end
      end

      def add_library(writer, compiler, files)
        files.each do |path, source|
          step(path)
          form = compiler.build(source) or next
          writer.add(Compiled.library_name(path, source), form, 0o644, Pack.time, @compression)
          @library << path
        end
      end

      def copy(writer, name)
        step(name)
        writer.copy(@archive, name)
      end

      def compile(writer, compiler, name, source)
        step(source)
        compiled = compiler.build(@archive.read(source)) { |reason| @not_compiled[source] = reason }
        return unless compiled

        writer.add(name, compiled, 0o644, ArchiveEntry.of(@archive, source).mtime, @compression)
        @compiled << source
      end

      def step(name)
        @progress&.call(@done, @total, name)
        @done += 1
      end
    end
  end
end
