# frozen_string_literal: true

# What a VFS does differently from a directory where mounts do not work or are not wanted, because Ruby leaves no other
# way: each difference as it is, so that one that goes away, or grows, is noticed.
require_relative "test_helper"
require_relative "support/differences"

class WithoutMountsTest < Minitest::Test
  include Differential

  Differences::ROWS.each do |name, row|
    define_method("test_#{name}") do
      assert_in_each_vfs(row.files, row.program, row.without_mounts, kinds: row.kinds, mounts: false)
    end
  end
end
