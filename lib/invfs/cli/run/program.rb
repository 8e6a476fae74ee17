# frozen_string_literal: true

module InVFS
  module CLI
    class Run
      # A main script that is ready to be loaded, and what has to be done when it ended with an exception.
      class Program
        # @param path [String] of the script
        # @param settings [Settings, nil] those of its first line
        def initialize(path, settings)
          @path = path
          @settings = settings
        end

        # Does what Ruby does between reading the first line of a script and running it.
        # @param frames [Array<Thread::Backtrace::Location>] down from what is about to load the script
        # @return [String] the path that is to be loaded
        def start(frames)
          @ours = [__FILE__, frames[0].path, frames[1].path].map { |path| "#{path}:".b }
          @below = frames.drop(2).map(&:to_s)
          if @settings
            @settings.apply
            @settings.features.each { |feature| require feature }
            @settings.apply_late
          end
          @path
        end

        # Takes the frames of the command out of an exception and its causes, as if the script had been started by Ruby.
        def clean(error)
          until error.nil? || (seen ||= {}.compare_by_identity).key?(error)
            seen[error] = true
            clean_one(error)
            error = CAUSE.bind_call(error)
          end
        end

        BACKTRACE = Exception.instance_method(:backtrace)
        SET_BACKTRACE = Exception.instance_method(:set_backtrace)
        CAUSE = Exception.instance_method(:cause)
        private_constant :BACKTRACE, :SET_BACKTRACE, :CAUSE

        private

        # Programs may override these methods, so Ruby's own are called.
        def clean_one(error)
          lines = BACKTRACE.bind_call(error)
          return if lines.nil? || error.frozen?

          lines = label(trim(lines))
          # An error of syntax in the script was raised nowhere in it; without a line Ruby would name the command.
          SET_BACKTRACE.bind_call(error, lines.empty? ? [@path] : lines)
        end

        # Only what was raised in the main thread has our frames; they are the last, but for those of who called us.
        def trim(lines)
          return lines unless lines.last(@below.size) == @below

          rest = lines.take(lines.size - @below.size)
          rest.pop while rest.last&.b&.start_with?(*@ours)
          rest.size < lines.size - @below.size ? rest : lines
        end

        # The main script's own code is that of a file that is loaded, and is called so.
        def label(lines)
          start = "#{@path}:".b
          lines.map do |line|
            next line unless line.b.start_with?(start)

            line.b.sub("<top (required)>", "<main>").force_encoding(line.encoding)
          end
        end
      end
    end
  end
end
