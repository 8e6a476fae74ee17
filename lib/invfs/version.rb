# frozen_string_literal: true

# The version of the gem, and nothing else: the gemspec reads it without loading the native part.
module InVFS
  # The version of this gem.
  VERSION = "1.0.0.dev"
end
