# frozen_string_literal: true

# Reading files on a mount works as on disk.
require_relative "support"

class MountReadingTest < Minitest::Test
  extend MountSupport::Observes
  observes :reading
end
