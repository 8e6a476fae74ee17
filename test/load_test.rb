# frozen_string_literal: true

# load with its second argument: anonymous and given modules around the file.
require_relative "test_helper"

class LoadTest < Minitest::Test
  include Differential

  WRAPPED = { "a.rb" => <<~'RUBY', "values.rb" => "A = 1\nprivate\ndef hidden = 1\n" }.freeze
    CONSTANT = 1
    def helper = :from_helper
    class Inner; end
    module Kernel; end
    p Module.nesting.map(&:class), self.inspect, self.class, helper, __FILE__, __method__.inspect
    p Inner.name.to_s.sub(/0x\h{8,}/, "0x"), binding.local_variables
    p self.singleton_class.include?(Module.nesting.first) unless Module.nesting.empty?
    p is_a?(Object), equal?(TOP)
  RUBY

  TOP = "TOP = self\n"

  ["", ", false", ", nil", ", true", ", :yes", ", Outer", ", Class.new"].each_with_index do |wrap, index|
    define_method("test_load_with_wrap_#{index}_#{wrap.gsub(/\W+/, "")}") do
      assert_as_on_disk(WRAPPED, <<~RUBY)
        #{TOP}
        module Outer; def self.name = "Outer"; end
        Probe.attempt { load("a.rb"#{wrap}) }
        p defined?(CONSTANT), defined?(Inner), defined?(Outer::CONSTANT), defined?(Outer::Inner)
        p respond_to?(:helper, true), Outer.private_instance_methods.sort, Outer.instance_methods(false)
      RUBY
    end
  end

  def test_a_wrapped_load_of_an_absolute_path
    assert_as_on_disk(WRAPPED, <<~'RUBY')
      TOP = self
      load("#{ROOT}/a.rb", true)
      p defined?(CONSTANT)
    RUBY
  end

  def test_a_wrapped_load_records_nothing_and_runs_again
    assert_as_on_disk(WRAPPED, <<~'RUBY', prints: "1\n1\nnil\n[]\n")
      module One; end
      module Two; end
      load("values.rb", One)
      load("values.rb", Two)
      p One::A, Two::A, defined?(A), Probe.features
    RUBY
  end

  def test_a_wrapped_file_that_raises
    files = { "a.rb" => "B = 1\ndef fail! = raise('inside')\nfail!\n" }
    assert_as_on_disk(files, <<~'RUBY')
      module One; end
      [true, One].each do |wrap|
        load("a.rb", wrap)
      rescue RuntimeError => e
        puts e.message, Probe.frames(e.backtrace)
      end
      p One::B, defined?(B)
    RUBY
  end

  def test_a_wrapped_file_with_magic_comments_and_an_end
    files = { "a.rb" => "# frozen_string_literal: true\np 'x'.frozen?, __LINE__, __dir__\n__END__\nrest" }
    assert_as_on_disk(files, 'p load("a.rb", true)', prints: "true\n2\n\"<main>\"\ntrue\n")
  end

  def test_a_wrapped_file_with_refinements_and_constants_of_its_own_classes
    files = { "a.rb" => <<~'RUBY' }
      module Loud; refine(::String) { def loud = upcase }; end
      begin
        using Loud
      rescue RuntimeError => e
        puts e.message
      end
      class String; OWN = 1; end
      class ::String; REAL = 2; end
      p String.equal?(::String), defined?(::String::OWN), defined?(::String::REAL)
    RUBY
    assert_as_on_disk(files, 'load("a.rb", true); p "a".respond_to?(:loud)')
  end

  def test_a_wrapped_syntax_error
    assert_as_on_disk({ "a.rb" => "\nend\n" }, <<~'RUBY')
      begin
        load("a.rb", true)
      rescue SyntaxError => e
        puts e.message
      end
    RUBY
  end

  def test_locals_do_not_leak_either_way
    files = { "a.rb" => "p binding.local_variables, defined?(outer)\ninner = 1" }
    assert_as_on_disk(files, <<~'RUBY', prints: "[:inner]\nnil\n[:inner]\nnil\n[:outer]\n")
      outer = 1
      load "a.rb"
      load "a.rb", true
      p binding.local_variables
    RUBY
  end
end
