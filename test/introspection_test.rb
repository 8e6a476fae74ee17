# frozen_string_literal: true

# What debuggers, coverage, tracing and error output see of code from a VFS.
require_relative "test_helper"

class IntrospectionTest < Minitest::Test
  include Differential

  CODE = {
    "a.rb" => <<~'RUBY'
      def method_of_a(x)
        yield x
      end
      BLOCK = proc { |y| y }
      class Made
        attr_accessor :field
        define_method(:dynamic) { 1 }
        def self.build = new
      end
      def who_calls = caller_locations(1, 1)[0]
      def calls_who = who_calls
    RUBY
  }.freeze

  def test_source_locations
    assert_as_on_disk(CODE, <<~'RUBY', prints: <<~OUT)
      require "a"
      p method(:method_of_a).source_location, BLOCK.source_location, BLOCK.lambda?
      p Made.instance_method(:dynamic).source_location, Made.method(:build).source_location
      p Made.instance_method(:field).source_location, Object.const_source_location(:Made)
      p BLOCK.binding.source_location, Made.const_source_location("BLOCK")
    RUBY
      ["<main>/a.rb", 1]
      ["<main>/a.rb", 4]
      false
      ["<main>/a.rb", 7]
      ["<main>/a.rb", 8]
      ["<main>/a.rb", 6]
      ["<main>/a.rb", 5]
      ["<main>/a.rb", 4]
      ["<main>/a.rb", 4]
    OUT
  end

  def test_caller_locations
    assert_as_on_disk(CODE, <<~'RUBY')
      require "a"
      place = calls_who
      p place.path, place.absolute_path, place.lineno, place.label, place.base_label, place.to_s
      p method_of_a(1) { caller_locations(1, 1)[0].absolute_path }
    RUBY
  end

  def test_locations_at_the_top_of_a_file
    files = { "a.rb" => <<~'RUBY', "b.rb" => "require 'a'\nrequire_relative 'a'" }
      here = caller_locations(0, 1)[0]
      p here.path, here.absolute_path, here.lineno, here.base_label
      p caller_locations.map(&:absolute_path).uniq.grep(/\A#{BASE}/)
      p Thread.current.backtrace_locations(1, 1).map(&:path)
      p __callee__, Thread.each_caller_location { break 1 } if Thread.respond_to?(:each_caller_location)
    RUBY
    assert_as_on_disk(files, 'require "b"; load "a.rb"; load "a.rb", true')
  end

  def test_instruction_sequences_of_methods
    assert_as_on_disk(CODE, <<~'RUBY')
      require "a"
      iseq = RubyVM::InstructionSequence.of(method(:method_of_a))
      p iseq.path, iseq.absolute_path, iseq.first_lineno, iseq.label
      p RubyVM::InstructionSequence.of(BLOCK).absolute_path
    RUBY
  end

  def test_trace_points
    assert_as_on_disk(CODE, <<~'RUBY')
      seen = []
      trace = TracePoint.new(:class, :line, :call, :c_return) do |event|
        next unless event.path.start_with?(ROOT)
        seen << [event.event, event.lineno, event.path] unless event.event == :c_return
      end
      trace.enable { require "a" }
      seen.each { |line| p line }
    RUBY
  end

  COVERED = {
    "a.rb" => "def used(x)\n  if x\n    1\n  else\n    2\n  end\nend\n\ndef unused\n  3\nend\n\nused(true)\nused(true)\n",
    "b.rb" => "require_relative 'a'\n\n"
  }.freeze

  WAYS = ["", "lines: true, branches: true, methods: true", "oneshot_lines: true", "lines: true, eval: true"].freeze

  # Older Rubies measure only files that they read themselves.
  COVERS = RUBY_VERSION >= "3.4"

  WAYS.each_with_index do |how, index|
    define_method("test_coverage_#{index}") do
      skip "code that was compiled is not measured before Ruby 3.4" unless COVERS
      assert_as_on_disk(COVERED, <<~RUBY)
        require "coverage"
        begin
          Coverage.start(#{how})
        rescue ArgumentError, RuntimeError => e
          puts e.message
          exit
        end
        require "b"
        load "a.rb"
        result = Coverage.result.select { |path, _| path.start_with?(ROOT) }
        result.sort.each { |path, what| puts path, what.inspect }
      RUBY
    end
  end

  def test_coverage_peek_and_suspend
    skip "code that was compiled is not measured before Ruby 3.4" unless COVERS
    assert_as_on_disk(COVERED, <<~'RUBY')
      require "coverage"
      Coverage.setup(:all)
      require "a"
      Coverage.resume
      used(false)
      Coverage.suspend
      used(false)
      p Coverage.peek_result.select { |path, _| path.start_with?(ROOT) }.keys, Coverage.running?
      p Coverage.result.fetch("#{ROOT}/a.rb")[:lines]
    RUBY
  end

  def test_object_space_tracing
    assert_as_on_disk({ "a.rb" => "KEPT = Object.new\nTEXT = +'x'\n" }, <<~'RUBY', prints: "[\"<main>/a.rb\", 1]\n[\"<main>/a.rb\", 2]\n")
      require "objspace"
      ObjectSpace.trace_object_allocations { require "a" }
      [KEPT, TEXT].each { |it| p [ObjectSpace.allocation_sourcefile(it), ObjectSpace.allocation_sourceline(it)] }
    RUBY
  end

  def test_set_trace_func
    assert_as_on_disk({ "a.rb" => "x = 1\ny = 2\n" }, <<~'RUBY')
      seen = []
      set_trace_func(proc { |event, file, line, *| seen << [event, line] if file.to_s.start_with?(ROOT) })
      require "a"
      set_trace_func(nil)
      p seen.select { |event, _| event == "line" }
    RUBY
  end

  WARNS = { "a.rb" => <<~'RUBY' }.freeze
    def twice = 1
    def twice = 2
    CONSTANT = 1
    CONSTANT = 2
    warn "said", uplevel: 0
    def outer = warn("from outside", uplevel: 1)
    outer
    @never.to_s
    if x = 5 then end
    case 1 when 1; when 1; end
    { a: 1, a: 2 }
  RUBY

  def test_warnings_name_file_and_line
    assert_as_on_disk(WARNS, 'require "a"', ruby: ["-w"])
  end

  def test_warning_filters_see_the_path
    assert_as_on_disk(WARNS, <<~'RUBY')
      $VERBOSE = true
      def Warning.warn(message, category: nil) = $stdout.print("[#{message.chomp}] #{category.inspect}\n")
      require "a"
    RUBY
  end

  UNCAUGHT = {
    "a.rb" => "require_relative 'b'\nB.new.go\n", "b.rb" => <<~'RUBY'
      class B
        def go
          [1].each { |x| deep(x) }
        end

        def deep(_)
          raise "below"
        rescue StandardError
          raise ArgumentError, "above"
        end
      end
    RUBY
  }.freeze

  def test_the_output_of_an_uncaught_exception_is_complete
    assert_as_on_disk(UNCAUGHT, 'require "a"', status: 1)
  end

  def test_full_message_and_detailed_message
    assert_as_on_disk(UNCAUGHT, <<~'RUBY')
      begin
        require "a"
      rescue ArgumentError => e
        full = e.full_message(highlight: false, order: :top)
        puts full.lines.grep(/main\.zip/).grep_v(Probe::NATIVE)
        puts e.backtrace_locations.map(&:absolute_path).grep(/main\.zip/).uniq
      end
    RUBY
  end

  # With the decorators on: on disk they show the line, from a VFS they may not, but they must not get in the way.
  def test_error_highlight_and_did_you_mean_do_not_break
    outcome = RubyProcess.run(*RubyProcess::INVFS, "-e", <<~'RUBY')
      $: << InVFS.stringmap({ "a.rb" => "def here = 1\n\n1.no_such_thing.then { herre }\n" }, to_path: "/here")
      %w[a stringscanner].each do |name|
        require name
      rescue NoMethodError, LoadError => e
        puts e.class, e.full_message.lines.size > 1, e.message.lines[0], e.backtrace[0][/\A.*?:\d+/]
      end
      require "a"
    RUBY
    lines = outcome.stdout.lines(chomp: true)
    assert_equal ["NoMethodError", "true", "/here/a.rb:3", "LoadError", "true"], lines.values_at(0, 1, 3, 4, 5), outcome
    assert_includes outcome.stderr, "no_such_thing"
    assert_equal 1, outcome.status
  end

  def test_method_source_and_ast_do_not_break
    assert_as_on_disk({ "a.rb" => "p RubyVM::InstructionSequence.of(proc { 1 }).script_lines.class\nX = proc { 1 }" }, 'require "a"')
  end

  def test_binding_irb_and_debuggers_find_no_source_and_go_on
    files = { "a.rb" => "x = 41\nbinding.eval('x += 1')\np x, binding.local_variable_defined?(:x), binding.source_location" }
    assert_as_on_disk(files, 'require "a"')
  end

  def test_the_line_number_in_a_multi_line_call
    files = { "a.rb" => "def at = caller(1, 1)[0][/:(\\d+):/, 1]\np(\n  at,\n  [\n    at\n  ],\n  at\n)\n" }
    assert_as_on_disk(files, 'require "a"')
  end
end
