# frozen_string_literal: true

require_relative "../cli/run/program"
require_relative "../cli/run/script_data"

module InVFS
  module Children
    # The main script of a child, which lies in a mount. Ruby itself has read the lines that stand for it.
    class Script
      # @param path [String]
      # @param program [InVFS::ZipFS, nil] the archive that `invfs run` runs
      def initialize(path, program)
        @path = path
        @archive = program
        @program = CLI.const_get(:Run)::Program.new(path, nil)
      end

      # @param frames [Array<Thread::Backtrace::Location>] from the caller downwards
      # @return [String] the file to load
      def start(frames)
        close_lines
        File.file?(@path) or abort("ruby: No such file or directory -- #{@path} (LoadError)")
        surround if @archive && @path.start_with?("#{InVFS.root(@archive)}/")
        $0 = @path
        CLI.const_get(:Run)::ScriptData.provide(File.binread(@path), @path)
        @started = true
        @program.start(frames)
      end

      # Removes our frames from the exception that has ended the script.
      def ended(error)
        @program.clean(error) if @started
      end

      private

      # The descriptor of the lines is inherited; Ruby has opened another.
      def close_lines
        number = $0[%r{\A/proc/self/fd/(\d+)\z}, 1]
        IO.for_fd(Integer(number)).close if number
      rescue SystemCallError
        # Somebody has closed it.
      end

      def surround
        %w[manifest surroundings].each { |name| require_relative "../cli/run/#{name}" }
        run = CLI.const_get(:Run)
        manifest = run::Manifest.of(@archive) || run::Manifest.new("")
        run::Surroundings.new(@archive, manifest, InVFS.root(@archive)).find_code
      end
    end
  end
end
