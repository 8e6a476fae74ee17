# frozen_string_literal: true

# Listing, walking and working in directories on a mount work as on disk.
require_relative "support"

class MountDirectoriesTest < Minitest::Test
  extend MountSupport::Observes
  observes :directories
end
