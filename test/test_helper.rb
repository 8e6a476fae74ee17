# frozen_string_literal: true

# Loaded first by every test file: minitest, invfs, and the support for this suite.
require "minitest/autorun"
require_relative "support/differential"
require_relative "support/ruby_process"
require_relative "support/zip_builder"

# INVFS_TEST_KINDS=disk checks the controls on a machine where the extension is not built.
unless ENV["INVFS_TEST_KINDS"] == "disk"
  $LOAD_PATH.unshift(RubyProcess::LIB)
  require "invfs"
end

Minitest.after_run { CaseProcesses.stop }
