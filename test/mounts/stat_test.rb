# frozen_string_literal: true

# What stat, predicates and links say on a mount is what they say on disk.
require_relative "support"

class MountStatTest < Minitest::Test
  extend MountSupport::Observes
  observes :stat
end
