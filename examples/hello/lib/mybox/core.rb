# frozen_string_literal: true

# A library of two files, to be put into an archive. It is the example of the README.
module MyBox
  autoload :Greeting, "#{__dir__}/greeting"

  def self.sayhello!(name = "Ruby")
    puts Greeting.new(name)
  end
end
