# frozen_string_literal: true

# Copying out of a mount, and what child processes see, is as on disk.
require_relative "support"

class MountCopiesTest < Minitest::Test
  extend MountSupport::Observes
  observes :copies
end
