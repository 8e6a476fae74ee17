# frozen_string_literal: true

# irb reads, evaluates and prints as it does without invfs.
require_relative "program_helper"

class IrbTest < Minitest::Test
  include ProgramHelper

  IRB = ["-e", "require 'irb'; IRB.start", "--", "-f", "--nosingleline", "--nomultiline", "--noinspect"].freeze

  def setup
    need_gem "irb", "irb"
  end

  def test_a_session
    assert_unchanged_by_invfs(*IRB, files: { "thing.rb" => "THING = [__FILE__, __dir__ == Dir.pwd]\n" }, input: <<~RUBY,
      puts 1 + 1
      require "json"
      puts JSON.generate([1, {"a" => nil}])
      require "json"
      require "./thing"
      puts THING.inspect
      load "thing.rb"
      def hello(name)
        puts "hello, \#{name}"
      end
      hello "irb"
      begin; require "nowhere"; rescue LoadError; puts "no: \#{$!.message}"; end
      begin; require_relative "thing"; rescue LoadError; puts "no: \#{$!.message}"; end
      exit
    RUBY
                              prints: /\[\{?"?1.*hello, irb.*no: cannot load such file -- nowhere/m)
  end

  def test_an_exception_in_a_session
    assert_unchanged_by_invfs(*IRB, input: "raise ArgumentError, 'bad thing'\nputs 'goes on'\n", prints: /goes on/)
  end
end
