# frozen_string_literal: true

module InVFS
  class Explanation
    # What `require` of a name would do. The search itself tells what it looks at; RubyGems is asked here.
    class Search
      # @return [Array<Step>]
      attr_reader :steps

      def initialize(name)
        @name = name
        @steps = []
      end

      # @return [Array(Symbol, String, Exception)] verdict, path, error
      def run
        verdict, path, vfs, sub = search
        case verdict
        when :loaded then [:loaded, @loaded]
        when :vfs then in_vfs(path, vfs, sub)
        when :disk then on_disk(path)
        else elsewhere
        end
      rescue StandardError, ScriptError => e
        step("the search", :error, e.message) unless @steps.last&.outcome == :error
        [:error, nil, e]
      end

      private

      # The search, whose steps are kept even if it raises.
      def search
        Located.explain(@name, noted = [])
      ensure
        noted&.each { |kind, *details| note(kind, *details) }
      end

      def note(kind, *details)
        @steps << Wording.public_send(kind, *details)
        @loaded = $"[details.first] if kind == :loaded
      end

      def step(subject, outcome, text) = @steps << Step.new(subject, outcome, text)

      def in_vfs(path, vfs, sub)
        reason = Located.own_loader
        if reason
          step("loader", :own_loader, "that of invfs: #{reason}")
        else
          step("loader", :rubys_loader, "Ruby's own, as for a file on disk")
        end
        step("compiled code", *Compiled.of(vfs, sub, path)) if path.end_with?(".rb")
        [:vfs, path]
      end

      # Files on disk are Ruby's business, which asks RubyGems first, and looks into `$"` again.
      def on_disk(path)
        if (gem, file = RubyGems.first(@name))
          @steps.select! { |step| step.outcome == :not_loaded }
          return by_gem(file, "would activate #{gem} in the place of a default gem")
        end
        position = $".index { |feature| feature.b == path.b }
        return [:disk, path] unless position

        note(:loaded, position)
        [:loaded, @loaded]
      end

      # There is no file in `$:`.
      def elsewhere
        gem, file = RubyGems.first(@name) || RubyGems.last(@name)
        return by_gem(file, "would activate #{gem}, which has it") if gem

        step("RubyGems", :no_gem, "no installed gem has it") if RubyGems.available?
        [:missing]
      end

      def by_gem(file, text)
        step("RubyGems", :gem, text)
        [:gem, file]
      end
    end
  end
end
