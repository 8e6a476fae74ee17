# frozen_string_literal: true

# What code sees of itself at the top of a file: self, __FILE__, locals, visibility, return, BEGIN, refinements.
require_relative "test_helper"

class InsideTheFileTest < Minitest::Test
  include Differential

  SELF = <<~'RUBY'
    local = 1
    p __FILE__, __dir__, __LINE__, __method__, self, self.class, __ENCODING__
    p binding.local_variables, binding.receiver, binding.source_location
    p Module.nesting, block_given?, $0 == __FILE__, __FILE__ == $PROGRAM_NAME, File.basename($0)
    p defined?(DATA), defined?(yield), defined?(super), __FILE__.frozen?
    p eval("__FILE__"), eval("__LINE__"), eval("__dir__"), eval("[__FILE__, __LINE__]", binding, "x", 7)
    p singleton_methods, Probe.frames(caller).size, self.equal?(TOP), local
    1.then { p __dir__, __method__ }
    def where = [__FILE__, __dir__, __LINE__, __method__]
    p where
  RUBY

  ["require 'a'", "load 'a.rb'", "require_relative ROOT + '/a'", "require ROOT + '/a.rb'"].each_with_index do |call, index|
    define_method("test_what_a_file_sees_of_itself_#{index}") do
      assert_as_on_disk({ "a.rb" => SELF }, "TOP = self\nmain_local = 1\n#{call}\np binding.local_variables, where")
    end
  end

  def test_what_a_file_sees_when_it_is_required_inside_a_method
    files = { "a.rb" => "p self, __method__, block_given?, binding.local_variables, Module.nesting; @ivar = 1; $ok = true" }
    assert_as_on_disk(files, <<~'RUBY', prints: "main\nnil\nfalse\n[]\n[]\nnil\n1\n")
      class Caller
        def call(argument) = require("a")
      end
      caller = Caller.new
      caller.call(1) { 2 }
      p caller.instance_variable_get(:@ivar), @ivar
    RUBY
  end

  def test_methods_and_constants_at_the_top
    files = { "a.rb" => <<~'RUBY' }
      def method_of_all = 1
      private def hidden = 2
      public
      def open = 3
      CONSTANT = 4
      class Inside; end
    RUBY
    assert_as_on_disk(files, <<~'RUBY')
      require "a"
      %i[method_of_all hidden open].each do |name|
        p name, Object.private_method_defined?(name), Object.public_method_defined?(name), Object.instance_method(name).owner
      end
      p CONSTANT, Inside.name, Object.const_source_location(:CONSTANT), Object.const_source_location(:Inside)
      def after_the_require = 5
      p Object.private_method_defined?(:after_the_require)
    RUBY
  end

  def test_visibility_and_module_functions_do_not_leak_between_files
    files = { "a.rb" => "public\nrequire 'b'\ndef from_a = 1\n", "b.rb" => "private\ndef from_b = 1\n" }
    assert_as_on_disk(files, <<~'RUBY', prints: "true\ntrue\n")
      require "a"
      p Object.public_method_defined?(:from_a), Object.private_method_defined?(:from_b)
    RUBY
  end

  def test_return_at_the_top
    files = { "a.rb" => "puts :before\nreturn if true\nputs :never\n", "b.rb" => "[1].each { puts :in }\nreturn\nsyntax" }
    assert_as_on_disk(files, 'p require("a"), require("b"), load("a.rb"); puts Probe.features')
  end

  def test_return_with_a_value_at_the_top_warns
    assert_as_on_disk({ "a.rb" => "puts :x\nreturn 5\n" }, <<~'RUBY', ruby: ["-w"])
      def Warning.warn(message, category: nil) = puts(message[/warning: .*/])
      p require("a")
    RUBY
  end

  def test_begin_and_end_blocks
    files = { "a.rb" => <<~'RUBY', "b.rb" => "at_exit { puts __FILE__ }\nEND { puts :b }" }
      puts :first
      BEGIN { puts :begin; early = 1 }
      END { puts "end #{__FILE__}" }
      at_exit { puts "at_exit #{__LINE__}" }
      p early
    RUBY
    assert_as_on_disk(files, <<~'RUBY', prints: <<~OUT)
      at_exit { puts :program }
      require "a"
      require "b"
    RUBY
      begin
      first
      1
      b
      <main>/b.rb
      at_exit 4
      end <main>/a.rb
      program
    OUT
  end

  def test_refinements_are_active_only_in_the_file_that_uses_them
    files = {
      "loud.rb" => "module Loud; refine(String) { def loud = upcase }; end",
      "a.rb" => "require 'loud'\nusing Loud\nputs 'a'.loud\nrequire 'b'\nputs 'a'.then(&:loud)",
      "b.rb" => "p 'b'.respond_to?(:loud)\nbegin; 'b'.loud; rescue NoMethodError; puts :none; end"
    }
    assert_as_on_disk(files, <<~'RUBY', prints: "A\nfalse\nnone\nA\nnone\n")
      require "a"
      begin; "x".loud; rescue NoMethodError; puts :none; end
    RUBY
  end

  def test_using_and_include_at_the_top
    files = { "a.rb" => <<~'RUBY' }
      using Module.new { refine(Integer) { def twice = self * 2 } }
      p 2.twice, self.inspect
      include Comparable
    RUBY
    assert_as_on_disk(files, "require 'a'; p Object.include?(Comparable)", prints: "4\n\"main\"\ntrue\n")
  end

  def test_globals_special_to_a_frame_do_not_leak
    files = { "a.rb" => "p $~, $_\n'x' =~ /x/\n$_ = 'mine'\np $~[0]" }
    assert_as_on_disk(files, <<~'RUBY', prints: "nil\nnil\n\"x\"\n\"outer\"\n\"line\"\n")
      "outer" =~ /outer/
      $_ = "line"
      require "a"
      p $~[0], $_
    RUBY
  end

  def test_data_belongs_to_the_main_script
    files = { "a.rb" => "begin; p DATA.read; rescue NameError => e; puts e.message; end\n__END__\nthe rest\n" }
    assert_as_on_disk(files, "require 'a'; p defined?(DATA)", prints: "uninitialized constant DATA\nnil\n")
  end

  def test_blocks_that_are_kept
    files = { "a.rb" => <<~'RUBY' }
      $kept = proc { |x| [x, __FILE__, __LINE__, self.inspect] }
      $made = lambda { binding.local_variables }
      local = 1
    RUBY
    assert_as_on_disk(files, <<~'RUBY', prints: "[1, \"<main>/a.rb\", 1, \"main\"]\n[:local]\n")
      require "a"
      p $kept.call(1), $made.call
    RUBY
  end

  def test_empty_files
    files = { "empty.rb" => "", "blank.rb" => " \n\n", "comment.rb" => "# nothing", "no_newline.rb" => "puts :x" }
    assert_as_on_disk(files, "p(*%w[empty blank comment no_newline].map { |name| require(name) })", prints: "x\n" + ("true\n" * 4))
  end

  def test_a_large_file
    body = (1..20_000).map { |line| "def m#{line} = #{line}\n" }.join
    assert_as_on_disk({ "a.rb" => body }, 'require "a"; p m1, m20000, method(:m20000).source_location', prints: <<~OUT)
      1
      20000
      ["<main>/a.rb", 20000]
    OUT
  end

  OPTIONS = {
    "frozen string literals" => ["--enable=frozen-string-literal", 'p "x".frozen?'],
    "no frozen string literals" => ["--disable=frozen-string-literal", 'p "x".frozen?'],
    "warnings" => ["-w", "puts :done\ndef twice = 1\ndef twice = 2\n"],
    "warnings as usual" => ["-W1", "unused = 1\nif a = 1 then puts :done end\n"],
    "no warnings" => ["-W0", "if a = 1 then puts :done end\nwarn 'w'"],
    "no deprecations" => ["-W:no-deprecated", "p Warning[:deprecated]; $; = 'x'\nputs :done"],
    "deprecations" => ["-W:deprecated", "p Warning[:deprecated]; $; = 'x'\nputs :done"],
    "an external encoding" => ["-Eiso-8859-1", "p 'x'.encoding, __ENCODING__, Encoding.default_external"],
    "the source encoding of -K" => ["-Ke", "p 'x'.encoding, __ENCODING__"],
    "debug mode" => ["-d", "p $DEBUG"],
    "verbose mode of the file" => ["-v", "p $VERBOSE"],
    "no gems" => ["--disable-gems", "p defined?(Gem), require('set')"],
    "a loop of -n has no effect" => ["-W2", "p $VERBOSE, __LINE__"],
    "yjit or none" => ["--disable-jit", "p RUBY_ENGINE"]
  }.freeze

  OPTIONS.each do |sentence, (option, body)|
    define_method("test_the_command_line_asks_for_#{sentence.gsub(/\W+/, "_")}") do
      quiet = option.match?(/-[dv]\z/) ? "$stderr.reopen(File::NULL)\n" : ""
      assert_as_on_disk({ "a.rb" => body }, "#{quiet}require 'a'", ruby: [option], kinds: %i[zip_fs user_vfs archive_path mount])
    end
  end

  def test_rubyopt_applies
    env = { "RUBYOPT" => "--enable=frozen-string-literal -W:no-deprecated" }
    files = { "a.rb" => "p 'x'.frozen?, Warning[:deprecated], ENV['RUBYOPT']" }
    assert_as_on_disk(files, "require 'a'", env: env, kinds: %i[zip_fs archive_path mount])
  end

  def test_compile_options_set_at_run_time
    assert_as_on_disk({ "a.rb" => "p 'x'.frozen?" }, <<~'RUBY', prints: "true\n")
      RubyVM::InstructionSequence.compile_option = { frozen_string_literal: true }
      require "a"
    RUBY
  end
end
