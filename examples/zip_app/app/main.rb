# frozen_string_literal: true

# The application's entry: examples/zip_app/run.rb loads it from the archive.
require "tally" # lib is in $:

Tally.new(ARGV).print
warn "this is #{__FILE__}" if $VERBOSE
