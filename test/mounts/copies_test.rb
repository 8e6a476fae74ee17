# frozen_string_literal: true

# Copying out of a mount works as on disk, and child processes see the same.
require_relative "support"

class MountCopiesTest < Minitest::Test
  extend MountSupport::Observes
  observes :copies
end
