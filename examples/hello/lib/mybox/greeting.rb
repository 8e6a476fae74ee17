# frozen_string_literal: true

module MyBox
  # What is said to somebody.
  class Greeting
    def initialize(name)
      @name = name
    end

    def to_s = "Hello, #{@name}!"
  end
end
