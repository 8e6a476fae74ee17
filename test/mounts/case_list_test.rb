# frozen_string_literal: true

# The list of cases itself: every subject is run, and every mention of a case names an existing one.
require_relative "support"

class CaseListTest < Minitest::Test
  def test_each_subject_has_a_test_file
    CaseList.subjects.each { |subject| assert_match(/^  observes :#{subject}$/, File.read("#{__dir__}/#{subject}_test.rb")) }
  end

  def test_every_difference_is_one_of_a_case
    known = CaseList.subjects.flat_map { |subject| CaseList.of(subject).map { |kase| [subject, kase.name] } }
    Differences.all.each { |listed| assert_empty listed - known }
    by_design, not_yet = Differences.all
    assert_empty by_design & not_yet
  end
end
