# frozen_string_literal: true

# The arguments that require, require_relative, load and autoload accept, and how they refuse others.
require_relative "test_helper"

class ArgumentsTest < Minitest::Test
  include Differential

  FILES = { "a.rb" => "puts __FILE__" }.freeze

  VALUES = <<~'RUBY'
    class Path; def to_path = "a.rb"; end
    class Str; def to_str = "a.rb"; end
    class Both; def to_path = Str.new; def to_str = raise("not asked"); end
    class WrongPath; def to_path = 1; end
    class WrongStr; def to_str = :a; end
    class Raising; def to_path = raise(IOError, "out of order"); end
    class PathByMissing
      def method_missing(name, *) = name == :to_path ? "a.rb" : super
      def respond_to_missing?(name, *) = name == :to_path || super
    end
    class Sub < String; end
    require "pathname"
    VALUES = {
      "nil" => nil, "1" => 1, ":a" => :a, "[]" => [], "{}" => {}, "true" => true, "1.5" => 1.5, "Object" => Object.new,
      "NUL" => "a\0b", "NUL at the end" => "a.rb\0", "NUL alone" => "\0",
      "UTF-16" => "a.rb".encode("UTF-16LE"), "UTF-32" => "a.rb".encode("UTF-32BE"), "broken UTF-8" => "a\xff",
      "to_path" => Path.new, "to_str" => Str.new, "to_path that gives to_str" => Both.new, "wrong to_path" => WrongPath.new,
      "wrong to_str" => WrongStr.new, "raising" => Raising.new, "method_missing" => PathByMissing.new,
      "Pathname" => Pathname("a.rb"), "subclass" => Sub.new("a.rb"), "frozen" => "a.rb".freeze, "empty" => "",
      "long" => "n" * 5000, "deep" => "d/" * 3000, "newline" => "\n", "tilde user" => "~no-such-user-here/a"
    }
    def short(text) = text.b.gsub(/0x\h{8,}/n, "").gsub(/(n|d\/){1000,}/n) { |long| "#{long.size} bytes" }
    # Ruby 3.4's own message of a LoadError cannot bear broken UTF-8.
    def message_of(error) = error.message rescue "no message: #{$!.class}"
    def try(name)
      print name, ": "
      result = yield
      puts short(result.inspect)
    rescue Exception => e
      puts "#{e.class}: #{short(message_of(e))} #{short(e.path.inspect) if e.respond_to?(:path)}"
    ensure
      $LOADED_FEATURES.reject! { |path| path.start_with?(ROOT) }
    end
  RUBY

  # RubyGems' own require loses its lock over one.
  def test_a_basic_object
    assert_as_on_disk(FILES, <<~RUBY, ruby: ["--disable-gems"])
      #{VALUES}
      try("require") { require(BasicObject.new) }
      try("load") { load(BasicObject.new) }
      try("require_relative") { require_relative(BasicObject.new) }
    RUBY
  end

  %w[require load Kernel.require Kernel.load].each do |call|
    define_method("test_every_kind_of_argument_to_#{call.tr(".", "_")}") do
      # load("") is the entry itself: a directory cannot be run, an archive is a file. And Ruby 3.4's own load lets go of
      # the buffer of a String of a subclass.
      # What `to_path` raises arrives; RubyGems' own require loses its lock over it.
      values = "VALUES.except(#{call.end_with?("load") ? "'empty', 'subclass'" : "'raising'"})"
      assert_as_on_disk(FILES, "#{VALUES}\n#{values}.each { |name, value| try(name) { #{call}(value) } }")
    end
  end

  def test_every_kind_of_argument_to_require_relative
    files = FILES.merge("asks.rb" => "def ask(value) = require_relative(value)")
    assert_as_on_disk(files, "#{VALUES}\nrequire 'asks'\nVALUES.each { |name, value| try(name) { ask(value) } }")
  end

  def test_every_kind_of_argument_to_require_relative_of_a_file_outside
    assert_as_on_disk(FILES, "#{VALUES}\nVALUES.each { |name, value| try(name) { require_relative(value) } }")
  end

  def test_every_kind_of_argument_to_autoload
    assert_as_on_disk({ "a.rb" => "C = 1" }, <<~RUBY)
      #{VALUES}
      VALUES.each do |name, value|
        holder = Module.new
        try(name) { [holder.autoload(:C, value), holder.autoload?(:C)] }
      end
    RUBY
  end

  def test_the_number_of_arguments
    assert_as_on_disk(FILES, <<~RUBY)
      #{VALUES}
      try("require") { require }
      try("require 2") { require("a", "b") }
      try("require key") { require("a", wrap: true) }
      try("require_relative") { require_relative }
      try("require_relative 2") { require_relative("a", "b") }
      try("load") { load }
      try("load 3") { load("a.rb", false, 1) }
    RUBY
  end

  def test_a_block_is_ignored
    assert_as_on_disk(FILES, <<~'RUBY', prints: "<main>/a.rb\ntrue\n<main>/a.rb\ntrue\n")
      p require("a") { puts :never }
      p(load("a.rb") { puts :never })
    RUBY
  end

  def test_the_argument_is_neither_changed_nor_kept
    assert_as_on_disk(FILES, <<~'RUBY', prints: "<main>/a.rb\n\"a\"\nfalse\n[\"<main>/a.rb\"]\n")
      name = +"a"
      require name
      p name
      name << "changed"
      p require("a")
      p Probe.features
    RUBY
  end

  def test_a_to_path_that_loads_code_itself
    files = { "a.rb" => "puts :a", "b.rb" => "puts :b" }
    assert_as_on_disk(files, <<~'RUBY', prints: "b\na\ntrue\n")
      path = Object.new
      def path.to_path
        require("b")
        "a"
      end
      p require(path)
    RUBY
  end

  def test_calls_through_other_ways_than_a_plain_call
    assert_as_on_disk(FILES, <<~'RUBY')
      calls = {
        send: -> { Object.new.send(:require, "a") }, method: -> { method(:require).call("a") },
        kernel: -> { Kernel.require("a") }, to_proc: -> { ["a"].map(&method(:require)) },
        unbound: -> { Kernel.instance_method(:require).bind_call(Object.new, "a") },
        public_send: -> { Object.new.public_send(:require, "a") }, instance_exec: -> { 5.instance_exec { require "a" } },
        splat: -> { require(*["a"]) }, safe: -> { Kernel&.require("a") }, curry: -> { method(:require).curry["a"] },
        eval: -> { eval("require 'a'") }, thread: -> { Thread.new { require "a" }.value },
        fiber: -> { Fiber.new { require "a" }.resume }, basic: -> { BasicObject.new.instance_eval { require "a" } },
        kernel_basic: -> { BasicObject.new.instance_eval { ::Kernel.require "a" } }
      }
      calls.each do |name, call|
        puts name
        Probe.attempt(&call).then { |e| e.message if e.is_a?(Exception) }
        $LOADED_FEATURES.reject! { |path| path.start_with?(ROOT) }
      rescue NoMethodError
        puts "NoMethodError"
      end
    RUBY
  end
end
