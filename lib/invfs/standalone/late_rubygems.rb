# frozen_string_literal: true

# Loaded when a flat program that is packed with Ruby mentions Gem.
require "rubygems"
