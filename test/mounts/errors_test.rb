# frozen_string_literal: true

# Errors on a mount are those of the disk; changes are refused.
require_relative "support"

class MountErrorsTest < Minitest::Test
  extend MountSupport::Observes
  observes :errors
end
