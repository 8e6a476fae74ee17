# frozen_string_literal: true

require "minitest"
require "mybox/core"

# These tests run from inside an archive, too: bin/demo does that.
class GreetingTest < Minitest::Test
  def test_greets_by_name
    assert_equal "Hello, Ruby!", MyBox::Greeting.new("Ruby").to_s
  end

  def test_says_hello
    assert_output("Hello, you!\n") { MyBox.sayhello!("you") }
  end

  def test_knows_where_it_is
    assert_equal "greeting.rb", File.basename(MyBox::Greeting.instance_method(:to_s).source_location.first)
  end
end
