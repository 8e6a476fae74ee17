# frozen_string_literal: true

# Libraries read the same on a mount as on disk.
require_relative "support"

class MountLibrariesTest < Minitest::Test
  extend MountSupport::Observes
  observes :libraries
end
