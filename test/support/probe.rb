# frozen_string_literal: true

# For the programs of differential tests: short names for common observations of the process.
module Probe
  # A frame of a native method on the way to the file; their number is an implementation detail.
  NATIVE = /:in [`'](?:Kernel[#.]|RubyVM::InstructionSequence[#.])?(?:require|require_relative|load|eval|compile)'/

  class << self
    # The recorded features in one of the case's trees.
    def features
      $LOADED_FEATURES.select { |path| ROOTS.each_value.any? { |root| path.b.start_with?("#{root}/".b) } }
    end

    # The frames of the case's own files, without native ones.
    def frames(trace)
      trace.map(&:to_s).select { |line| line.start_with?(BASE) && !line.match?(NATIVE) }
    end

    # Runs the block and prints its value, or the exception's class and message.
    def attempt
      p yield
    rescue Exception => e # rubocop:disable Lint/RescueException -- a case may raise anything
      puts "#{e.class}: #{e.message.gsub(/0x\h{8,}/, "0x")}"
      e
    end
  end
end
