# frozen_string_literal: true

# Pathname finds the same on a mount as on disk.
require_relative "support"

class MountPathnameTest < Minitest::Test
  extend MountSupport::Observes
  observes :pathname
end
