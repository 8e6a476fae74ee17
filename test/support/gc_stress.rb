# frozen_string_literal: true

# With INVFS_GC_STRESS=1 the garbage collector runs at every allocation of a test's body (not of its setup).
module GCStress
  ON = ENV["INVFS_GC_STRESS"] == "1"

  def after_setup
    super
    GC.stress = ON && !calm?
  end

  def before_teardown
    GC.stress = false
    super
  end

  # Tests whose body allocates by the hundred thousand say so.
  def calm?
    false
  end
end
