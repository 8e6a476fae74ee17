# frozen_string_literal: true

# An application for Rails in one file with Ruby.
require_relative "../programs/rails_program"

class StandaloneRailsTest < Minitest::Test
  include RailsProgram

  def program = ["#{@dir}/shop-server"]

  def test_everything_that_rails_does = assert_everything_that_rails_does("shop-server", "--standalone", "-o", "shop-server")
end
