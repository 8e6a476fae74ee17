# frozen_string_literal: true

# stat, predicates and links say the same on a mount as on disk.
require_relative "support"

class MountStatTest < Minitest::Test
  extend MountSupport::Observes
  observes :stat
end
