# frozen_string_literal: true

module InVFS
  class Explanation
    # Walks along `$"`, `$:` and RubyGems as `require` does. What comes of it is asked of the native side, which does it
    # in earnest; the walk says why.
    class Search
      # @return [Array<Step>]
      attr_reader :steps

      def initialize(name)
        @name = name
        @steps = []
      end

      # @return [Array(Symbol, String, Exception)] verdict, path, error
      def run
        @explicit = Names.explicit?(@name)
        @places = $:.each_with_index.map { |entry, at| LoadPathEntry.new(entry, at) }
        @features = Features.new(@places.map(&:path))
        verdict, path = answer
        case verdict
        when :loaded then loaded(path)
        when :elsewhere then elsewhere
        else to_load(verdict, path)
        end
      rescue StandardError, ScriptError => e
        failed(e)
      end

      private

      # What `require` would do. If that raises, the walk may say where.
      def answer
        Located.feature(@name)
      rescue StandardError, ScriptError
        not_loaded
        walk
        raise
      end

      def step(subject, outcome, text)
        @steps << Step.new(subject, outcome, text)
        nil
      end

      def loaded(path)
        found = path ? @features.at(path) : @features.provider(@name)
        unless found
          not_loaded
          path, = walk
          found = path && @features.at(path)
        end
        loaded_by(*found) if found
        [:loaded, found&.last]
      end

      def loaded_by(position, feature)
        vfs, = InVFS.locate(feature) if feature.start_with?("/")
        through = vfs ? ", from #{vfs.inspect} at #{InVFS.root(vfs)}" : ""
        step("$\"[#{position}] #{feature}", :loaded, "provides it: loaded already#{through}")
      end

      def not_loaded
        provider = @features.provider(@name)
        return step("$\"", :not_loaded, "nothing there provides it") unless provider

        # A native extension, or a feature without a file: a source file would still go before it.
        step("$\"[#{provider[0]}] #{provider[1]}", :not_loaded, "would provide it, but source goes first")
      end

      def to_load(verdict, path)
        not_loaded
        if verdict == :disk && (gem, file = RubyGems.first(@name))
          step("RubyGems", :gem, "would activate #{gem} in the place of a default gem")
          return [:gem, file]
        end
        _, vfs, sub = walk
        # Files on disk are Ruby's business, which looks into `$"` again.
        if verdict == :disk && (found = @features.at(path))
          loaded_by(*found)
          return [:loaded, path]
        end
        loader if verdict == :vfs
        compiled(vfs, sub, path) if vfs && path.end_with?(".rb")
        [verdict, path]
      end

      # Which of the two loads it.
      def loader
        reason = Located.own_loader
        return step("loader", :own_loader, "that of invfs: #{reason}") if reason

        step("loader", :rubys_loader, "Ruby's own, as for a file on disk")
      end

      def compiled(vfs, sub, path)
        step("compiled code", *Compiled.of(vfs, sub, path))
      end

      # No VFS has it: Ruby itself searches, and RubyGems.
      def elsewhere
        not_loaded
        path, = walk
        if path
          found = @features.at(path)
          loaded_by(*found) if found
          return found ? [:loaded, found.last] : [:disk, path]
        end
        gem, file = RubyGems.first(@name) || RubyGems.last(@name)
        if gem
          step("RubyGems", :gem, "would activate #{gem}, which has it")
          return [:gem, file]
        end
        step("RubyGems", :no_gem, "no installed gem has it") if RubyGems.available?
        [:missing]
      end

      # Looks in every place for every name, and stops where a file is found.
      # @return [Array(String, VFS, String), nil] its path, the VFS that it lies in, and the subpath
      def walk
        @explicit ? walk_path : walk_load_path
      end

      def walk_load_path
        Names.candidates(@name).each do |candidate|
          @places.each do |place|
            outcome, text, path = place.look(candidate)
            step("#{candidate} in #{place.label}", outcome, text)
            raise place.error if place.error
            return in_place(place, path) if outcome == :found
          end
        end
        nil
      end

      def in_place(place, path)
        place.virtual? ? [path, *InVFS.locate(path)] : [path]
      end

      def walk_path
        Names.candidates(File.expand_path(@name)).each do |path|
          vfs, sub = InVFS.locate(path)
          outcome, text, = LoadPathEntry.in_vfs(vfs, sub, path) if vfs
          step("#{path} (in #{vfs.inspect})", outcome, text) if vfs
          return [path, vfs, sub] if outcome == :found

          outcome, text, = LoadPathEntry.on_disk(path)
          step("#{path} (on disk)", outcome, text)
          return [path] if outcome == :found
        end
        nil
      end

      def failed(error)
        step("the search", :error, error.message) unless @steps.last&.outcome == :error
        [:error, nil, error]
      end
    end
  end
end
