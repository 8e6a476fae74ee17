# frozen_string_literal: true

# An application for Rails from one archive.
require_relative "rails_program"

class PackedRailsTest < Minitest::Test
  include RailsProgram

  def test_everything_that_rails_does = assert_everything_that_rails_does("shop.zip", "--compile")
end
