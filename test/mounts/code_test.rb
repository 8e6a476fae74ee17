# frozen_string_literal: true

# Ruby loads code from a mount as from disk.
require_relative "support"

class MountCodeTest < Minitest::Test
  extend MountSupport::Observes
  observes :code
end
