# frozen_string_literal: true

require "json"
require_relative "tally/table"

# Counts words and prints how often each was there.
class Tally
  autoload :VERSION, "#{__dir__}/tally/version"

  def initialize(words)
    @counts = words.tally
  end

  def print
    puts "tally #{VERSION}", Table.new(@counts), JSON.generate(@counts)
  end
end
