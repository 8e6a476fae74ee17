# frozen_string_literal: true

# minitest and rake run a project's tests and tasks as they do without invfs.
require_relative "program_helper"

class MinitestAndRakeTest < Minitest::Test
  include ProgramHelper

  SUITE = <<~RUBY
    require "minitest/autorun"
    require_relative "../lib/sum"
    class SumTest < Minitest::Test
      def test_adds = assert_equal(3, Sum.of(1, 2))
      def test_fails = assert_equal(4, Sum.of(1, 2))
      def test_raises = assert_raises(TypeError) { Sum.of(1, nil) }
      def test_skips = skip("later")
    end
  RUBY
  FILES = {
    "lib/sum.rb" => "module Sum\n  def self.of(*all) = all.sum\nend\n",
    "test/sum_test.rb" => SUITE,
    "Rakefile" => <<~RUBY,
      $:.unshift "lib"
      require "sum"
      require "rake/clean"
      CLEAN.include "*.out"
      desc "Write a file"
      file("sum.out") { |task| File.write(task.name, Sum.of(1, 2)) }
      desc "Show it"
      task(show: "sum.out") { puts File.read("sum.out") }
      desc "Fail"
      task(:fail) { sh "exit 7" }
      task(:tests) { ruby "-Ilib", "test/sum_test.rb", "--seed", "1" }
    RUBY
    "rakelib/more.rake" => <<~RUBY
      namespace :more do
        desc "More"
        task(:of, [:a, :b]) { |_, args| p Sum.of(*args.to_a.map(&:to_i)) }
      end
    RUBY
  }.freeze
  RAKE = ["-e", "load Gem.bin_path('rake', 'rake')", "--"].freeze

  def test_minitest
    need_gem "minitest", "ruby-minitest"
    assert_unchanged_by_invfs("test/sum_test.rb", "--seed", "1", "--verbose", files: FILES, status: 1,
                              prints: /4 runs, 3 assertions, 1 failures, 0 errors, 1 skips/)
  end

  def test_minitest_with_selected_tests_and_spec
    need_gem "minitest", "ruby-minitest"
    assert_unchanged_by_invfs("test/sum_test.rb", "--seed", "1", "--name", "/adds/", files: FILES,
                              prints: /1 runs, 1 assertions/)
    assert_unchanged_by_invfs("-rminitest/autorun", "-e", "describe(Array) { it('is') { _([1].size).must_equal 1 } }",
                              "--", "--seed", "1", prints: /1 runs, 1 assertions/)
  end

  def test_rake_lists_tasks
    need_gem "rake", "rake"
    assert_unchanged_by_invfs(*RAKE, "-T", files: FILES, prints: /^rake more:of\[a,b\]/)
  end

  def test_rake_runs_tasks
    need_gem "rake", "rake"
    assert_unchanged_by_invfs(*RAKE, "show", "more:of[3,4]", "clean", files: FILES, prints: /^3\n7\n/)
  end

  def test_rake_reports_failures
    need_gem "rake", "rake"
    assert_unchanged_by_invfs(*RAKE, "fail", files: FILES, status: 1)
    assert_unchanged_by_invfs(*RAKE, "nothing:of:the:kind", files: FILES, status: 1)
  end

  def test_rake_runs_tests_in_a_child_that_has_invfs_too
    need_gem "rake", "rake"
    assert_unchanged_by_invfs(*RAKE, "tests", files: FILES, by: :environment, status: 1, prints: /4 runs/)
  end
end
