# frozen_string_literal: true

# Normalises the output of a case, so that it does not depend on where it ran: same roots, no implementation frames.
require_relative "ruby_process"
require_relative "probe"

module NormalForm
  # Frames of RubyGems' require, of Ruby's own prelude and of the machinery of these tests.
  FOREIGN = %r{<internal:|/rubygems/|/bundled_gems\.rb|/test/support/}

  # RubyGems of Ruby 3.1 prints this when an exception releases its lock.
  RUBYGEMS_NOTE = /\A\[\d+, #<Thread:/

  # Ruby's label for a file's top level; a file that invfs loads, where mounts do not work, has the label <compiled>.
  TOP = "<top (required)>"
  COMPILED = "<compiled>"

  class << self
    # places: real string => placeholder, longest first. Returns an Outcome.
    # compiled:: treat <compiled> as the top of a file
    def of(outcome, places, compiled:)
      texts = [outcome.stdout, outcome.stderr].map { |text| plain(text, places) }
      texts.each { |text| text.gsub!(COMPILED, TOP) } if compiled
      RubyProcess::Outcome.new(stdout: texts[0], stderr: trace(texts[1]), status: outcome.status)
    end

    private

    def plain(text, places)
      text = text.dup.force_encoding(Encoding::UTF_8).scrub("?")
      places.inject(text) { |result, (real, placeholder)| result.gsub(real, placeholder) }
    end

    # Drops foreign and native frames; if one carries the message, the message stays.
    def trace(text)
      text.lines.grep_v(RUBYGEMS_NOTE).filter_map do |line|
        next line unless foreign?(line)

        message = line.split(/:in [`'][^']*': /, 2)[1]
        message unless line.start_with?("\t")
      end.join
    end

    def foreign?(line)
      line.match?(/\A(?:\tfrom )?\S+:\d+:in [`']/) && (line.match?(Probe::NATIVE) || line.match?(FOREIGN))
    end
  end
end
