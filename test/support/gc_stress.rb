# frozen_string_literal: true

# With INVFS_GC_STRESS=1 the garbage collector runs at every allocation of a test's body (not of its setup).
module GCStress
  ON = ENV["INVFS_GC_STRESS"] == "1"

  # For tests that run a program: options for Ruby that keep its heap small, and the first line.
  OPTIONS = (ON ? ["--disable-gems"] : []).freeze
  FIRST_LINE = ON ? "GC.stress = true;" : ""

  def after_setup
    super
    GC.stress = ON
  end

  def before_teardown
    GC.stress = false
    super
  end

  # Runs the block without stress, for preparations.
  def calm
    before = GC.stress
    GC.stress = false
    yield
  ensure
    GC.stress = before
  end
end
