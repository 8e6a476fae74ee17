# frozen_string_literal: true

# Tests Ruby itself, without invfs: each assumption that the implementation relies on. If a new Ruby breaks one, it
# shows here first.
require_relative "test_helper"

class RubyCompatibilityTest < Minitest::Test
  def setup
    @directory = File.realpath(Dir.mktmpdir("invfs-ruby"))
  end

  def teardown
    FileUtils.rm_rf(@directory)
  end

  def test_a_path_in_the_features_counts_as_loaded_for_require
    assert_prints("false\nfalse\nfalse\nfalse\n", <<~'RUBY')
      $" << "/x/app.zip/lib/baz.rb"
      p require("/x/app.zip/lib/baz"), require("/x/app.zip/lib/baz.rb")
      $: << "/x/app.zip/lib"
      p require("baz"), require("baz.rb")
    RUBY
  end

  def test_a_feature_that_is_recorded_by_hand_is_known_until_it_is_deleted
    assert_prints("false\nLoadError\n", <<~'RUBY')
      $" << "/x/baz.rb"
      p require("/x/baz.rb")
      $".delete("/x/baz.rb")
      begin
        require("/x/baz.rb")
      rescue LoadError => e
        puts e.class
      end
    RUBY
  end

  def test_entries_of_the_features_become_frozen_copies
    write("a.rb" => "")
    assert_prints("true\ntrue\ntrue\n", <<~'RUBY')
      require "./a"
      p $".last.frozen?, $".all?(String)
      $" << +"/by/hand.rb"
      require "./a"
      p $".include?("/by/hand.rb")
    RUBY
  end

  def test_features_are_made_real_where_the_load_path_has_links
    write("real/a.rb" => "puts __FILE__")
    File.symlink("#{@directory}/real", "#{@directory}/link")
    assert_prints("#{@directory}/real/a.rb\n" * 2, "$:.unshift('#{@directory}/link'); require 'a'; puts $\".last")
  end

  def test_an_object_with_to_path_may_stand_in_the_load_path
    write("d/a.rb" => "puts :a")
    assert_prints("a\ntrue\n", "$:.unshift(Struct.new(:to_path).new('#{@directory}/d')); p require('a')")
  end

  def test_a_load_path_entry_that_is_no_directory_is_passed_over
    write("file" => "", "d/a.rb" => "puts :a")
    assert_prints("a\n", "$:.unshift('#{@directory}/file', '#{@directory}/nowhere', '#{@directory}/d'); require 'a'")
  end

  def test_the_load_path_and_the_features_stay_the_same_arrays
    assert_prints("true\ntrue\ntrue\n", <<~'RUBY')
      p $:.equal?($LOAD_PATH), $".equal?($LOADED_FEATURES)
      before = $:.object_id
      require "English"
      p before == $:.object_id
    RUBY
  end

  def test_the_load_path_cannot_be_assigned
    assert_prints("NameError\n", "begin; eval('$: = []'); rescue NameError => e; puts e.class; end")
  end

  def test_autoload_calls_a_redefined_require_with_the_path_as_written
    write("c.rb" => "C = 1")
    assert_prints("[\"c\"]\n", <<~'RUBY')
      $: << "."
      $asked = []
      module Kernel
        alias original require
        def require(name) = ($asked << name; original(name))
      end
      autoload :C, "c"
      C
      p $asked - %w[monitor]
    RUBY
  end

  def test_compiled_code_has_main_as_self_and_its_own_locals
    assert_prints("main\n[:inner]\nnil\n", <<~'RUBY')
      outer = 1
      RubyVM::InstructionSequence.compile("inner = 1; p self; p binding.local_variables", "/x/a.rb", "/x/a.rb", 1).eval
      p defined?(inner)
    RUBY
  end

  def test_compiled_code_knows_where_it_is
    assert_prints("/x/a.rb\n/x\n3\n/x/a.rb\nnil\n[]\n", <<~'RUBY')
      RubyVM::InstructionSequence.compile(<<~'SOURCE', "/x/a.rb", "/x/a.rb", 3).eval
        puts __FILE__, __dir__, __LINE__ - 0 if __LINE__ == 3
        puts caller_locations(0, 1)[0].absolute_path
        p __method__, Module.nesting
      SOURCE
    RUBY
  end

  # The known difference between a file that was required and one that was compiled and run.
  def test_the_label_of_compiled_code
    write("a.rb" => "puts caller_locations(0, 1)[0].label")
    assert_prints("<top (required)>\n<compiled>\n", <<~'RUBY')
      require "./a"
      RubyVM::InstructionSequence.compile("puts caller_locations(0, 1)[0].label", "/x/a.rb", "/x/a.rb", 1).eval
    RUBY
  end

  def test_compiled_code_defines_private_methods_of_object
    assert_prints("true\n", <<~'RUBY')
      RubyVM::InstructionSequence.compile("def made = 1", "/x/a.rb", "/x/a.rb", 1).eval
      p Object.private_method_defined?(:made)
    RUBY
  end

  def test_compiled_code_obeys_magic_comments_and_options
    assert_prints("true\nfalse\n#<Encoding:EUC-JP>\n", <<~'RUBY')
      ["# frozen_string_literal: true\np 'x'.frozen?", "p 'x'.frozen?", "# encoding: euc-jp\np __ENCODING__"].each do |source|
        RubyVM::InstructionSequence.compile(source, "/x/a.rb", "/x/a.rb", 1).eval
      end
    RUBY
  end

  def test_compiled_code_is_frozen_by_the_command_line_as_a_file_is
    outcome = run_plain("RubyVM::InstructionSequence.compile('p %q(x).frozen?').eval", "--enable=frozen-string-literal")
    assert_equal "true\n", outcome.stdout, outcome
  end

  def test_return_in_compiled_code_ends_it
    assert_prints("1\nafter\n", <<~'RUBY')
      RubyVM::InstructionSequence.compile("p 1; return; p 2", "/x/a.rb", "/x/a.rb", 1).eval
      puts :after
    RUBY
  end

  def test_end_ends_compiled_code
    assert_prints("1\n", "RubyVM::InstructionSequence.compile(%q[p 1\n__END__\nno ruby (], '/x/a.rb', '/x/a.rb', 1).eval")
  end

  def test_require_relative_takes_the_path_of_the_nearest_ruby_frame
    write("d/b.rb" => "puts :b")
    assert_prints("b\ntrue\n", <<~RUBY)
      path = "#{@directory}/d/a.rb"
      p RubyVM::InstructionSequence.compile("require_relative 'b'", path, path, 1).eval
    RUBY
  end

  def test_resolve_feature_path_is_a_method_of_the_load_path_itself
    assert_prints("true\n:so\nnil\n", <<~'RUBY')
      p $LOAD_PATH.singleton_methods.include?(:resolve_feature_path)
      p $LOAD_PATH.resolve_feature_path("strscan")[0]
      p $LOAD_PATH.resolve_feature_path("no_such_thing")
    RUBY
  end

  def test_the_require_family_is_private_on_kernel_and_public_on_its_singleton
    assert_prints("[[true, true], [true, true], [true, true]]\n", <<~'RUBY')
      p %i[require require_relative load].map { |name| [Kernel.private_method_defined?(name), Kernel.respond_to?(name)] }
    RUBY
  end

  def test_autoload_is_not_done_by_the_wrapped_names_alone
    assert_prints("[:Kernel, :Module]\n", <<~'RUBY')
      p [Kernel, Module].select { |owner| owner.private_method_defined?(:autoload) || owner.method_defined?(:autoload) }.map { |o| o.name.to_sym }
    RUBY
  end

  def test_the_message_and_path_of_a_load_error
    assert_prints("cannot load such file -- no_such\nno_such\n", <<~'RUBY')
      begin
        require "no_such"
      rescue LoadError => e
        puts e.message, e.path
      end
    RUBY
  end

  def test_a_required_file_sees_no_frame_local_globals_of_the_caller
    write("a.rb" => "p $~")
    assert_prints("nil\n", "'x' =~ /x/; require './a'")
  end

  def test_fork_keeps_only_the_forking_thread
    skip "this system cannot fork" unless Process.respond_to?(:fork)
    assert_prints("1\n", "Thread.new { sleep }; Process.wait(fork { p Thread.list.size })")
  end

  # Two threads that wait for each other's file: Ruby notices only when nothing else runs.
  def test_a_circle_across_threads_is_a_deadlock
    write("a.rb" => "$a << 1; $b.pop; require './b'", "b.rb" => "$b << 1; $a.pop; require './a'")
    outcome = run_plain(<<~'RUBY')
      $a, $b = Queue.new, Queue.new
      Thread.report_on_exception = false
      %w[./a ./b].map { |name| Thread.new { require(name) } }.each(&:join)
    RUBY
    refute_equal 0, outcome.status
    assert_match(/deadlock/i, outcome.stderr, outcome)
  end

  def test_a_whole_number_of_bytes_is_what_encodings_of_paths_are_compared_by
    write("größe.rb" => "puts :once")
    assert_prints("once\ntrue\nfalse\n", "# encoding: utf-8\n$: << '.'; p require('größe'), require('größe'.b)")
  end

  def test_dup_is_called_on_load_path_entries_by_rubygems_and_joins_need_to_path_only
    assert_prints("/p/x\n", "puts File.join(Struct.new(:to_path).new('/p').dup, 'x')")
  end

  private

  def write(files)
    Trees.write(@directory, files)
  end

  def run_plain(program, *options)
    File.write("#{@directory}/program.rb", program)
    RubyProcess.run(*RubyProcess.without_decorators, *options, "program.rb", chdir: @directory)
  end

  def assert_prints(expected, program)
    outcome = run_plain(program)
    assert_equal expected, outcome.stdout, outcome
  end
end
