# frozen_string_literal: true

# Loaded when a packed program that was started without RubyGems mentions Gem.
require "rubygems"
InVFS::CLI.const_get(:Run)::PackedGems.register
