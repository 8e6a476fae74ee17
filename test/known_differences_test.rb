# frozen_string_literal: true

# Differences that exist only without mounts, because with mounts Ruby itself loads the code; and those that always
# exist.
require_relative "test_helper"
require_relative "support/differences"

class KnownDifferencesTest < Minitest::Test
  include Differential

  Differences::ROWS.each do |name, row|
    define_method("test_as_on_disk_#{name}") do
      skip "without mounts: see without_mounts_test.rb" unless Trees::MOUNTS
      assert_as_on_disk(row.files, row.program, prints: row.on_disk, kinds: row.kinds, mounts: true)
    end
  end

  # So each shows up in a backtrace at the place that calls it.
  def test_the_methods_are_native
    files = { "a.rb" => "p caller.grep(/in [`'](Kernel#)?require'/).count { |line| line.start_with?(BASE) }" }
    assert_in_each_vfs(files, "require 'a'\np method(:require).source_location", "1\nnil\n")
  end

  # Ruby's own load of a wrapped file is given a stub.
  def test_the_label_of_a_wrapped_files_top_level_changes_nothing_else
    files = { "a.rb" => "p caller_locations(0, 1)[0].absolute_path, __LINE__" }
    assert_as_on_disk(files, 'load "a.rb", true', prints: "\"<main>/a.rb\"\n1\n")
  end
end
