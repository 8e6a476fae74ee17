# frozen_string_literal: true

class Tally
  # Two columns: how often, and what.
  class Table
    def initialize(counts)
      @counts = counts
    end

    def to_s = @counts.map { |word, count| "#{count.to_s.rjust(3)} #{word}" }.join("\n")
  end
end
