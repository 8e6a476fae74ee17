# frozen_string_literal: true

# The sides that a differential test compares with plain Ruby: kinds of trees, each with mounts and some without.
require_relative "trees"

module Sides
  # There is only one loader without mounts, and its sources differ only in how it reads them.
  WITHOUT_MOUNTS = %i[zip_fs user_vfs].freeze

  OFF = { "RUBY_INVFS_TRANSPARENT" => "0" }.freeze
  NAMES = Trees::KINDS.to_h { |kind| [:"#{kind}_without_mounts", kind] }.freeze

  class << self
    # The sides of a test for these kinds.
    # mounts:: true: only with mounts, false: only without, nil: both
    def of(kinds, mounts)
      # Here nothing runs with mounts, and everything without.
      return asked_for(mounts ? [] : kinds) unless Trees::MOUNTS

      with = mounts == false ? [] : kinds
      without = mounts ? [] : few(kinds)
      asked_for(with + NAMES.select { |_, kind| without.include?(kind) }.keys)
    end

    def kind(side) = NAMES.fetch(side, side)

    # Whether Ruby itself loads the code of this side.
    def mounts?(side) = Trees::MOUNTS && !NAMES.key?(side)

    def environment(side) = NAMES.key?(side) ? OFF : {}

    private

    # INVFS_TEST_KINDS=disk validates only the controls; a list like "zip_fs,user_vfs_without_mounts" narrows a search;
    # a kind means both of its sides.
    def asked_for(sides)
      @asked_for ||= ENV["INVFS_TEST_KINDS"]&.split(",")&.map(&:to_sym) || Trees::KINDS
      sides.select { |side| @asked_for.include?(side) || @asked_for.include?(kind(side)) }
    end

    def few(kinds)
      few = kinds & WITHOUT_MOUNTS
      few.empty? ? (kinds - [:mount]).first(1) : few
    end
  end
end
