# frozen_string_literal: true

module InVFS
  module CLI
    # `-o -`: an archive for standard output. It is written to a temporary file, because a writer needs to go back.
    module StandardOutput
      class << self
        # Gives the block the path to write to, and then copies the archive.
        # @param copy [Boolean] whether to copy it
        # @raise [UsageError] if standard output is a terminal
        def write(copy: true)
          raise UsageError, "-o -: standard output is a terminal, which an archive would garble" if $stdout.tty?

          require "tmpdir"
          Dir.mktmpdir("invfs") do |directory|
            path = File.join(directory, "archive.zip")
            yield(path).tap { deliver(path) if copy }
          end
        end

        private

        def deliver(path)
          $stdout.binmode
          $stdout.flush
          File.open(path, "rb") { |file| IO.copy_stream(file, $stdout) }
        end
      end
    end
    private_constant :StandardOutput
  end
end
