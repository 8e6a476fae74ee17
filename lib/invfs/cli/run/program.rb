# frozen_string_literal: true

module InVFS
  module CLI
    class Run
      # A main script that is ready to be loaded, and the cleanup after it ended with an exception.
      class Program
        # @param path [String] the path of the script
        # @param settings [Settings, nil] from its first line
        def initialize(path, settings)
          @path = path
          @settings = settings
        end

        # Does what Ruby does between reading the first line of a script and running it.
        # @param frames [Array<Thread::Backtrace::Location>] from the caller that is about to load the script downwards
        # @return [String] the path to load
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

        # Removes the frames of the command from an exception and its causes, as if Ruby had started the script.
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

        # Programs may override these methods, so this calls Ruby's own.
        def clean_one(error)
          lines = BACKTRACE.bind_call(error)
          return if lines.nil? || error.frozen?

          lines = label(trim(lines))
          # A syntax error has no frame in the script; without a line, Ruby would name the command.
          SET_BACKTRACE.bind_call(error, lines.empty? ? [@path] : lines)
        end

        # Only exceptions from the main thread have our frames: the last ones, except for those of our caller.
        def trim(lines)
          return lines unless lines.last(@below.size) == @below

          rest = lines.take(lines.size - @below.size)
          rest.pop while rest.last&.b&.start_with?(*@ours)
          rest.size < lines.size - @below.size ? rest : lines
        end

        # The main script is a loaded file, and its own frames are labelled like that.
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
