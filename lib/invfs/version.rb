# frozen_string_literal: true

# Only the version of the gem, so that the gemspec can read it without loading the native part.
module InVFS
  # The version of this gem.
  VERSION = "1.0.0.dev"
end
