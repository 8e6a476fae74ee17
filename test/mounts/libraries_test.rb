# frozen_string_literal: true

# Libraries read on a mount what they read on disk.
require_relative "support"

class MountLibrariesTest < Minitest::Test
  extend MountSupport::Observes
  observes :libraries
end
