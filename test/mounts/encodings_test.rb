# frozen_string_literal: true

# Encodings, line ends and mapped files on a mount work as on disk.
require_relative "support"

class MountEncodingsTest < Minitest::Test
  extend MountSupport::Observes
  observes :encodings
end
