# frozen_string_literal: true

# Runs one case inside its own process: builds the trees, sets the constants of the program, runs it.
require_relative "trees"
require_relative "probe"

module CaseRunner
  # The input of a case: base directory, program file, name => Tree, names to push to $:, files for the output.
  Request = Struct.new(:base, :program, :trees, :push, :stdout, :stderr, :stress, keyword_init: true)

  def self.run(request)
    $stdin.reopen(File::NULL)
    $stdout.reopen(request.stdout, "w")
    $stderr.reopen(request.stderr, "w")
    entries = request.trees.transform_values { |tree| Trees.entry(tree) }
    define(request, entries)
    request.push.each { |name| $LOAD_PATH.unshift(entries.fetch(name)) }
    $PROGRAM_NAME = request.program
    iseq = RubyVM::InstructionSequence.compile_file(request.program)
    GC.stress = true if request.stress
    at_exit { GC.stress = false } if request.stress
    iseq.eval
  end

  def self.define(request, entries)
    Object.const_set(:BASE, request.base)
    Object.const_set(:ENTRIES, entries)
    Object.const_set(:ROOTS, request.trees.transform_values(&:root))
    Object.const_set(:ENTRY, entries.fetch(:main))
    Object.const_set(:ROOT, ROOTS.fetch(:main))
  end
  private_class_method :define
end

# When started as a program: the first argument names the file with the single request.
if $PROGRAM_NAME == __FILE__
  CaseRunner.run(Marshal.load(File.binread(ARGV.shift))) # rubocop:disable Security/MarshalLoad -- written by the test
end
