# frozen_string_literal: true

# The differences between a VFS and a directory where mounts do not work or are off, because Ruby leaves no other way.
# Each one is tested as it is, so that a change shows.
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
