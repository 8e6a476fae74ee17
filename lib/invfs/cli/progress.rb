# frozen_string_literal: true

module InVFS
  module CLI
    # A progress bar on the last line of a terminal. Shows nothing if stderr is not a terminal.
    class Progress
      # Seconds between two drawings: nobody reads faster.
      PAUSE = 0.1
      private_constant :PAUSE

      # Gives the block a bar (or nil), and erases it afterwards.
      def self.show(quiet:)
        progress = new unless quiet || !$stderr.tty? || ENV["TERM"] == "dumb"
        yield progress
      ensure
        progress&.clear
      end

      def initialize
        require "io/console"
        @drawn_at = -PAUSE
      end

      # Takes the values that Pack#write yields.
      def to_proc
        lambda do |done, total, name|
          now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
          next if now - @drawn_at < PAUSE

          @drawn_at = now
          draw(done, total, name)
        end
      end

      def clear
        $stderr.print "\r\e[K" if @drawn_at.positive?
      end

      private

      def draw(done, total, name)
        columns = $stderr.winsize[1]
        # Some terminals do not know their width.
        width = ((columns.zero? ? 80 : columns) - 1).clamp(10, 100)
        share = total.zero? ? 1.0 : done.fdiv(total)
        name = name.dup.force_encoding(Encoding::UTF_8).scrub("?").gsub(/[[:cntrl:]]/, "?")
        line = "[#{("=" * (20 * share)).ljust(20)}] #{(100 * share).to_i.to_s.rjust(3)}% #{name}"
        $stderr.print "\r#{line[0, width]}\e[K"
      end
    end
    private_constant :Progress
  end
end
