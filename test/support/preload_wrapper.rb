# frozen_string_literal: true

# Loaded with -r before invfs: wraps require first, in both usual ways.
WRAPPED = [] # rubocop:disable Style/MutableConstant -- the wrapped calls are noted in it

module Kernel
  alias require_before_the_wrapper require

  def require(name)
    WRAPPED << name
    require_before_the_wrapper(name)
  end
  private :require
end

Object.prepend(Module.new do
  def require(name)
    WRAPPED << :prepended
    super
  end
  private :require
end)
