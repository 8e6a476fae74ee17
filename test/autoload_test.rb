# frozen_string_literal: true

# autoload of constants whose files are in a VFS.
require_relative "test_helper"

class AutoloadTest < Minitest::Test
  include Differential

  FILES = {
    "c.rb" => "puts \"loading \#{__FILE__}\"\nclass C; HERE = __FILE__; end\n",
    "m/d.rb" => "module M\n  class D; NESTING = Module.nesting; end\nend\n",
    "empty.rb" => "puts :empty",
    "raises.rb" => "raise 'not today'",
    "bad.rb" => "class Bad",
    "other_name.rb" => "Different = 1"
  }.freeze

  NAMES = {
    "a feature" => "c", "a feature with extension" => "c.rb", "an absolute path" => '#{ROOT}/c.rb',
    "an absolute path without extension" => '#{ROOT}/c'
  }.freeze

  NAMES.each do |sentence, name|
    define_method("test_#{sentence.tr(" ", "_")}") do
      assert_as_on_disk(FILES, <<~RUBY)
        autoload :C, "#{name}"
        p Object.autoload?(:C), Object.const_defined?(:C), defined?(C), Probe.features
        p C, C::HERE, Object.autoload?(:C), Probe.features
        p require("c"), require("\#{ROOT}/c.rb")
        p Object.const_source_location(:C)
      RUBY
    end
  end

  # They stand in `$"` already while they run, but in the end behind all that they required.
  def test_the_order_in_which_features_are_recorded
    assert_as_on_disk({
                        "a.rb" => "require 'x'\nclass A; B; end\nrequire 'z'\n",
                        "b.rb" => "class B; end\nrequire 'y'\nrequire 'e'\n",
                        "e.rb" => "class E; end\nrequire 'u'\nrequire 'broken' rescue puts $!.message\n",
                        "broken.rb" => "require 'w'\nraise 'broken'\n",
                        **%w[u w x y z main].to_h { |name| ["#{name}.rb", "puts :#{name}\n"] },
                        "main.rb" => "A\nrequire 'x'\nputs :main\n"
                      }, <<~'RUBY')
                        autoload :A, "a"
                        autoload :B, "b"
                        autoload :E, "e"
                        autoload :Broken, "broken"
                        require "main"
                        p Probe.features
                        p %w[a b e u w x y z main].map { |name| require name }
                        $".delete("#{ROOT}/e.rb")
                        p require("e"), Probe.features
                      RUBY
  end

  # Ruby compares the path as written with the path of the file, so that the constant stays unknown.
  def test_an_unclean_path
    assert_as_on_disk(FILES, <<~'RUBY')
      autoload :C, "#{ROOT}/m/../c.rb"
      begin
        p C
      rescue NameError => e
        puts e.message
      end
      p Probe.features
    RUBY
  end

  def test_from_inside_a_file_of_the_tree
    files = FILES.merge("m.rb" => <<~'RUBY', "m/e.rb" => "M::E = __FILE__")
      module M
        autoload :D, 'm/d'
        autoload(:E, "#{__dir__}/m/e")
      end
    RUBY
    assert_as_on_disk(files, <<~'RUBY', prints: "\"m/d\"\nM::D\n[M::D, M]\n\"<main>/m/e.rb\"\nnil\n")
      require "m"
      p M.autoload?(:D), M::D, M::D::NESTING, M::E, M.autoload?(:E)
    RUBY
  end

  def test_after_the_entry_left_the_load_path
    assert_as_on_disk(FILES, <<~'RUBY')
      autoload :C, "#{ROOT}/c.rb"
      autoload :M, "m/d"
      $:.delete(ENTRY)
      p C
      begin
        p M
      rescue LoadError, NameError => e
        puts e.class, e.message
      end
    RUBY
  end

  FAILURES = { "empty" => :Empty, "raises" => :Raises, "bad" => :Bad, "missing" => :Missing, "other_name" => :Other }.freeze

  FAILURES.each do |file, constant|
    define_method("test_an_autoload_whose_file_is_#{file}") do
      assert_as_on_disk(FILES, <<~RUBY)
        autoload :#{constant}, "#{file}"
        3.times do
          p #{constant}
        rescue Exception => e
          puts e.class, e.message, Object.autoload?(:#{constant}).inspect, Object.constants.include?(:#{constant})
        end
        p Probe.features
      RUBY
    end
  end

  def test_a_failed_autoload_is_tried_again
    files = { "c.rb" => "$count += 1; raise 'first' if $count == 1; C = $count" }
    assert_as_on_disk(files, <<~'RUBY', prints: "first\n2\n")
      $count = 0
      autoload :C, "c"
      begin
        C
      rescue RuntimeError => e
        puts e.message
      end
      p C
    RUBY
  end

  def test_requiring_the_file_fulfils_the_autoload
    assert_as_on_disk(FILES, <<~'RUBY')
      autoload :C, "c"
      p require("c"), Object.autoload?(:C), C, require("c")
    RUBY
  end

  def test_defining_the_constant_replaces_the_autoload
    assert_as_on_disk(FILES, 'autoload :C, "c"; C = 5; p C, Object.autoload?(:C), Probe.features', prints: "5\nnil\n[]\n")
  end

  def test_the_constant_is_seen_by_others_only_when_the_file_is_done
    files = { "c.rb" => <<~'RUBY' }
      class C; end
      $half << true
      $go_on.pop
      class C; DONE = true; end
    RUBY
    assert_as_on_disk(files, <<~'RUBY', prints: "true\ntrue\ntrue\n")
      $half, $go_on = Queue.new, Queue.new
      autoload :C, "c"
      first = Thread.new { C::DONE }
      $half.pop
      second = Thread.new { C::DONE }
      Thread.pass until second.stop?
      p second.alive?
      $go_on << true
      p first.value, second.value
    RUBY
  end

  def test_many_threads_load_once
    files = { "c.rb" => "$runs << 1; Thread.pass; class C; X = 1; end" }
    assert_as_on_disk(files, <<~'RUBY', prints: "[1]\n1\n")
      $runs = Queue.new
      autoload :C, "c"
      gate = Queue.new
      threads = Array.new(32) { Thread.new { gate.pop; C::X } }
      32.times { gate << true }
      p threads.map(&:value).uniq
      p $runs.size
    RUBY
  end

  def test_autoload_in_a_class_that_inherits
    files = { "c.rb" => "class Base; C = :base; end" }
    assert_as_on_disk(files, <<~'RUBY', prints: "\"c\"\nnil\n:base\n")
      class Base; autoload :C, "c"; end
      class Child < Base; end
      p Child.autoload?(:C), Child.autoload?(:C, false), Child::C
    RUBY
  end

  def test_autoload_through_const_get_and_defined_and_reopening
    files = { "c.rb" => "class C; def self.x = 1; end" }
    assert_as_on_disk(files, <<~'RUBY', prints: "\"constant\"\n1\n1\n")
      autoload :C, "c"
      p defined?(C)
      class C; end
      p C.x, Object.const_get(:C).x
    RUBY
  end

  def test_two_autoloads_of_one_file
    files = { "ab.rb" => "puts :once; A = 1; B = 2" }
    assert_as_on_disk(files, 'autoload :A, "ab"; autoload :B, "ab.rb"; p A, B', prints: "once\n1\n2\n")
  end

  def test_an_autoload_that_requires_a_file_that_needs_the_constant
    files = { "a.rb" => "require 'b'\nclass A; end", "b.rb" => "p defined?(A)\nclass B; end" }
    assert_as_on_disk(files, <<~'RUBY')
      autoload :A, "a"
      p A, B
    RUBY
  end

  def test_autoload_uses_a_redefined_kernel_require
    files = { "c.rb" => "C = 1" }
    assert_as_on_disk(files, <<~'RUBY', prints: "\"c\"\n1\n")
      module Kernel
        alias before_the_test require
        def require(name)
          p name
          before_the_test(name)
        end
      end
      autoload :C, "c"
      p C
    RUBY
  end

  def test_autoload_relative_where_ruby_has_it
    files = FILES.merge("a.rb" => "Object.autoload_relative(:C, 'c')\np Object.autoload?(:C)")
    assert_as_on_disk(files, <<~'RUBY')
      puts Module.method_defined?(:autoload_relative)
      if Module.method_defined?(:autoload_relative)
        require "a"
        p C
      end
    RUBY
  end

  def test_a_removed_autoload
    assert_as_on_disk(FILES, <<~'RUBY', prints: "nil\nnil\n[]\n")
      autoload :C, "c"
      p Object.send(:remove_const, :C), defined?(C), Probe.features
    RUBY
  end

  def test_an_autoload_of_what_is_loaded_already
    assert_as_on_disk({ "c.rb" => "puts :c" }, <<~'RUBY')
      require "c"
      autoload :C, "c"
      p Object.autoload?(:C), defined?(C)
      begin
        C
      rescue NameError => e
        puts e.message
      end
    RUBY
  end
end
