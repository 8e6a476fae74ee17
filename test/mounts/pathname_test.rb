# frozen_string_literal: true

# Pathname finds on a mount what it finds on disk.
require_relative "support"

class MountPathnameTest < Minitest::Test
  extend MountSupport::Observes
  observes :pathname
end
