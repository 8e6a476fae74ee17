# frozen_string_literal: true

class Tally
  VERSION = "1.0"
end
