# frozen_string_literal: true

# Loaded with -r before invfs: zeitwerk wraps require as soon as it is loaded.
require "zeitwerk"
