# frozen_string_literal: true

# require_relative: the file that it is relative to, from every place that can call it.
require_relative "test_helper"

class RequireRelativeTest < Minitest::Test
  include Differential

  NEIGHBOURS = {
    "b.rb" => "puts __FILE__", "d/c.rb" => "puts __FILE__", "d/e/f.rb" => "puts __FILE__", "d/b.rb" => "puts __FILE__"
  }.freeze

  def test_siblings_parents_and_children
    files = NEIGHBOURS.merge("d/a.rb" => <<~'RUBY')
      %w[c c.rb ./c ../b ../b.rb e/f e/../e//f.rb b].each { |name| p require_relative(name) }
    RUBY
    assert_as_on_disk(files, 'p require("d/a")', prints: <<~OUT)
      <main>/d/c.rb
      true
      false
      false
      <main>/b.rb
      true
      false
      <main>/d/e/f.rb
      true
      false
      <main>/d/b.rb
      true
      true
    OUT
  end

  def test_absolute_and_home_paths
    # musl's realpath keeps two slashes at the start, so on disk the file would be another one.
    slash = "/" unless File.realpath("//tmp").start_with?("//")
    files = NEIGHBOURS.merge("d/a.rb" => <<~RUBY)
      ENV["HOME"] = ROOT
      [ROOT + "/b", "#{slash}" + ROOT + "/b.rb", "~/d/c", "~/nothing"].each { |name| Probe.attempt { require_relative(name) } }
    RUBY
    assert_as_on_disk(files, 'p require("d/a")')
  end

  def test_missing_files
    files = NEIGHBOURS.merge("d/a.rb" => <<~'RUBY')
      ["x", "x.rb", "../x", "e", "e/", "", ".", "..", "c.so", "C", "c/", "c.rb/x"].each do |name|
        require_relative(name)
        puts "found #{name.inspect}"
      rescue LoadError => e
        puts "#{e.message} #{e.path}"
      end
    RUBY
    assert_as_on_disk(files, 'require("d/a")', kinds: Trees::KINDS - %i[path_into_archive sub_fs])
  end

  PLACES = {
    "a method called later" => ["def call = require_relative('b')", "call"],
    "a method of a class" => ["class K; def call = require_relative('b'); end", "K.new.call"],
    "a singleton method" => ["module M; def self.call = require_relative('b'); end", "M.call"],
    "a block" => ["$block = -> { require_relative('b') }", "$block.call"],
    "a proc run in another object" => ["$block = proc { require_relative('b') }", "Object.new.instance_exec(&$block)"],
    "define_method" => ["class K; define_method(:call) { require_relative('b') }; end", "K.new.call"],
    "method_missing" => ["class K; def method_missing(*) = require_relative('b'); end", "K.new.any"],
    "a thread" => ["$thread = Thread.new { Thread.stop; require_relative('b') }",
                   "Thread.pass until $thread.stop?; $thread.run; $thread.value"],
    "a fiber" => ["$fiber = Fiber.new { require_relative('b') }", "$fiber.resume"],
    "an enumerator" => ["$enum = Enumerator.new { |y| y << require_relative('b') }", "$enum.next"],
    "eval" => ["eval('require_relative %q(b)')", "0"],
    "eval with a binding" => ["$binding = binding", "eval('require_relative %q(b)', $binding)"],
    "eval with a binding that names its file" => ["$binding = binding", "eval('require_relative %q(b)', $binding, *$binding.source_location)"],
    "eval with another file" => ["eval('require_relative %q(c)', binding, ROOT + '/d/x.rb')", "0"],
    "eval with a file that does not exist anywhere" => ["eval('require_relative %q(b)', nil, '/nowhere/x.rb')", "0"],
    "eval with a relative file" => ["Dir.chdir(BASE); eval('require_relative %q(b)', nil, 'x.rb')", "0"],
    "instance_eval of a string" => ["Object.new.instance_eval('require_relative %q(b)')", "0"],
    "instance_eval of a string with a file" => ["Object.new.instance_eval('require_relative %q(c)', ROOT + '/d/x.rb')", "0"],
    "instance_eval of a block" => ["Object.new.instance_eval { require_relative('b') }", "0"],
    "class_eval of a string" => ["Class.new.class_eval('require_relative %q(b)')", "0"],
    "class_eval of a string with a file" => ["Class.new.class_eval('require_relative %q(c)', ROOT + '/d/x.rb')", "0"],
    "eval in a method" => ["class K; def call = eval('require_relative %q(b)'); end", "K.new.call"],
    "eval with another file in a method" => ["class K; def call = eval('require_relative %q(c)', binding, ROOT + '/d/x.rb'); end", "K.new.call"],
    "instance_eval with another file in a method" =>
      ["class K; def call = instance_eval('require_relative %q(c)', ROOT + '/d/x.rb'); end", "K.new.call"],
    "eval with the binding of the program in a method" =>
      ["class K; def call = eval('require_relative %q(c)', TOPLEVEL_BINDING.dup, ROOT + '/d/x.rb'); end", "K.new.call"],
    "a method that was evaluated with another file" => ["eval('def go = require_relative(%q(c))', nil, ROOT + '/d/x.rb')", "go"],
    "Binding#eval" => ["binding.eval('require_relative %q(b)')", "0"],
    "send" => ["send(:require_relative, 'b')", "0"],
    "Kernel.require_relative" => ["Kernel.require_relative('b')", "0"],
    "a method object" => ["method(:require_relative).call('b')", "0"],
    "a method object called elsewhere" => ["$method = method(:require_relative)", "$method.call('b')"],
    "each with a native method between" => ["%w[b].map { |name| require_relative(name) }", "0"],
    "sort_by" => ["%w[b].sort_by { |name| require_relative(name).to_s }", "0"],
    "at_exit" => ["at_exit { p require_relative('b') }", "0"],
    "a finalizer of a hash default" => ["$hash = Hash.new { require_relative('b') }", "$hash[1]"],
    "a trace" => ["TracePoint.new(:raise) { $t ||= require_relative('b') }.enable { raise 'x' rescue 0 }", "$t"],
    "a super method" => ["class P; def call = require_relative('b'); end", "Class.new(P) { def call = super }.new.call"],
    "an alias of require_relative" => ["module Kernel; alias rr require_relative; end; rr 'b'", "0"],
    "a const_missing" => ["def Object.const_missing(*) = require_relative('b')", "Nothing"],
    "an inherited hook" => ["class P; def self.inherited(*) = require_relative('b'); end", "Class.new(P); 1"],
    "a compiled snippet" => ["RubyVM::InstructionSequence.compile('require_relative %q(b)').eval", "0"],
    "a compiled snippet with a path" => ["RubyVM::InstructionSequence.compile('require_relative %q(b)', __FILE__, __FILE__).eval", "0"]
  }.freeze

  PLACES.each_with_index do |(sentence, (definition, call)), index|
    define_method("test_#{index}_from_#{sentence.gsub(/\W+/, "_")}") do
      files = NEIGHBOURS.merge("a.rb" => "Probe.attempt do\n  1\nend\n#{definition}\n", "d/calls.rb" => "def run_it\n#{call}\nend")
      assert_as_on_disk(files, <<~'RUBY')
        %w[a d/calls].each do |name|
          require name
        rescue LoadError => e
          puts e.message, e.path
        end
        begin
          p run_it
        rescue LoadError, NameError => e
          puts e.class, e.message[/\A.*/]
        end
        puts Probe.features
      RUBY
    end
  end

  def test_from_a_file_outside_into_the_vfs_and_back
    on_disk = { real: { "outside.rb" => "require_relative 'neighbour'", "neighbour.rb" => "puts __FILE__" } }
    files = { "a.rb" => "require ROOTS[:real] + '/outside'\nrequire_relative ROOTS[:real] + '/neighbour'", "b.rb" => "puts __FILE__" }
    assert_as_on_disk(files, <<~'RUBY', on_disk: on_disk, prints: "<real>/neighbour.rb\n<main>/b.rb\ntrue\n")
      require "a"
      p require_relative("#{ROOT}/b")
    RUBY
  end

  def test_the_same_name_in_two_trees
    files = { "a.rb" => "require_relative 'b'", "b.rb" => "puts __FILE__" }
    assert_as_on_disk(files, <<~'RUBY', trees: { other: files }, push: %i[main other], prints: "<other>/b.rb\n<main>/b.rb\n")
      require "a"
      require "#{ROOT}/a"
    RUBY
  end

  def test_require_relative_never_searches_the_load_path
    files = { "d/a.rb" => "Probe.attempt { require_relative('only_above') }", "only_above.rb" => "" }
    assert_as_on_disk(files, 'require "d/a"', prints: "LoadError: cannot load such file -- <main>/d/only_above\n")
  end

  def test_a_file_that_was_loaded_under_a_wrapping_module
    files = NEIGHBOURS.merge("a.rb" => "p require_relative('b')")
    assert_as_on_disk(files, 'load("a.rb", true); load("a.rb", Module.new)', prints: "<main>/b.rb\ntrue\nfalse\n")
  end

  # There is no frame in Ruby to start from.
  def test_as_a_block
    files = NEIGHBOURS.merge("a.rb" => "Probe.attempt { %w[b].map(&method(:require_relative)) }")
    assert_as_on_disk(files, 'require "a"', prints: "LoadError: cannot infer basepath\n")
  end

  def test_a_method_that_is_defined_by_a_string_in_another_file
    files = { "maker.rb" => "def make(code) = eval(code)", "d/uses.rb" => "make('def made = require_relative(%q(b))')" }
    files = NEIGHBOURS.merge(files)
    assert_as_on_disk(files, <<~'RUBY')
      require "maker"
      require "d/uses"
      Probe.attempt { made }.then { |e| e }
    RUBY
  end
end
