# frozen_string_literal: true

# What a differential test compares with plain Ruby: kinds of trees, each with mounts and some without.
require_relative "trees"

module Sides
  # The loader that works without mounts is one; what it loads from differs only at its door.
  WITHOUT_MOUNTS = %i[zip_fs user_vfs].freeze

  OFF = { "RUBY_INVFS_TRANSPARENT" => "0" }.freeze
  NAMES = Trees::KINDS.to_h { |kind| [:"#{kind}_without_mounts", kind] }.freeze

  class << self
    # INVFS_TEST_KINDS=disk validates the controls alone; a list such as "zip_fs,user_vfs" narrows a search.
    def asked_for
      @asked_for ||= (ENV["INVFS_TEST_KINDS"]&.split(",")&.map(&:to_sym) || Trees::KINDS) - [Trees::CONTROL]
    end

    # The sides of a test that is made for these kinds.
    # mounts:: true: only with mounts, false: only without, nil: both
    def of(kinds, mounts)
      # There nothing is with mounts, and everything without.
      return mounts ? [] : kinds & asked_for unless Trees::MOUNTS

      with = mounts == false ? [] : kinds
      without = mounts ? [] : few(kinds)
      (with & asked_for) + NAMES.select { |_, kind| (without & asked_for).include?(kind) }.keys
    end

    def kind(side) = NAMES.fetch(side, side)

    # Whether Ruby itself loads the code of this side.
    def mounts?(side) = Trees::MOUNTS && !NAMES.key?(side)

    def environment(side) = NAMES.key?(side) ? OFF : {}

    private

    def few(kinds)
      few = kinds & WITHOUT_MOUNTS
      few.empty? ? (kinds - [:mount]).first(1) : few
    end
  end
end
