# frozen_string_literal: true

# Ractors: a require inside one does what plain Ruby does on that version, and never crashes.
require_relative "test_helper"

class RactorTest < Minitest::Test
  include Differential

  PRELUDE = <<~'RUBY'
    Warning[:experimental] = false
    FEATURE = "a".freeze
    def result(ractor)
      ractor.respond_to?(:value) ? ractor.value : ractor.take
    rescue Exception => e
      cause = e.cause
      [e.class, cause&.class]
    end
  RUBY

  # Ruby 3.4 hands a require inside a Ractor to the main one; older versions search on their own and mostly fail.
  def test_a_require_of_a_missing_file_inside_a_ractor
    assert_as_on_disk({ "a.rb" => "A = 1" }, <<~RUBY, ruby: ["--disable-gems"], kinds: %i[zip_fs archive_path mount])
      #{PRELUDE}
      Thread.report_on_exception = false
      p result(Ractor.new { require "no_such_file_anywhere" })
    RUBY
  end

  CALLS = {
    "require" => 'require "a"', "require of a path" => "require PATH", "load" => "load PATH",
    "a feature that is loaded" => 'require "b"', "a file of the standard library" => 'require "English"'
  }.freeze

  CALLS.each do |sentence, call|
    [["--disable-gems"], []].each do |options|
      define_method("test_#{sentence.tr(" ", "_")}_#{options.empty? ? "with" : "without"}_gems_never_crashes") do
        files = { "a.rb" => "A = 1", "b.rb" => "B = 1" }
        assert_survives(files, options, <<~RUBY)
          #{PRELUDE}
          PATH = "\#{ROOT}/a.rb".freeze
          require "b"
          Thread.report_on_exception = false
          outcome = result(Ractor.new { #{call} })
          puts(outcome == true || outcome == false ? :answered : :raised)
          p require("a").class, A
        RUBY
      end
    end
  end

  def test_code_of_a_vfs_runs_in_a_ractor
    files = { "a.rb" => "# shareable_constant_value: literal\nVALUES = [1, 2].freeze\ndef add(x) = x + VALUES.sum\n" }
    assert_as_on_disk(files, <<~RUBY, prints: "6\n\"<main>/a.rb\"\n")
      #{PRELUDE}
      require "a"
      p result(Ractor.new { add(3) })
      p result(Ractor.new { method(:add).source_location[0] })
    RUBY
  end

  def test_requires_in_the_main_ractor_while_others_run
    files = (0...50).to_h { |index| ["f#{index}.rb", "F#{index} = #{index}"] }
    assert_as_on_disk(files, <<~RUBY, prints: "49\n3\n")
      #{PRELUDE}
      busy = Array.new(3) { Ractor.new { (1..50_000).sum } }
      50.times { |index| require "f\#{index}" }
      p F49, busy.count { |ractor| result(ractor) }
    RUBY
  end

  private

  # What plain Ruby does there differs from version to version, so only the end counts: it ends, with both lines.
  def assert_survives(files, options, program)
    control, *others = outcomes(files, program, ruby: options.empty? ? ["-W0"] : [*options, "-W0"],
                                                kinds: %i[zip_fs string_map_fs user_vfs])
    others.each do |kind, outcome|
      assert_equal 0, outcome.status, "as #{kind}\n#{outcome}\nplain Ruby: #{control[1]}"
      assert_equal 3, outcome.stdout.lines.size, "as #{kind}\n#{outcome}\nplain Ruby: #{control[1]}"
    end
  end
end
