# frozen_string_literal: true

# The same uses on other mounts: one whose parent does not exist on disk, one of a directory, and a writable one.
require_relative "support"

module MountPlaces
  KINDS = { nowhere: %i[stat directories pathname errors code], union: %i[reading stat directories errors copies code],
            writable: %i[reading stat directories errors copies libraries code] }.freeze

  KINDS.each do |kind, subjects|
    subjects.each do |subject|
      const_set("#{kind}_#{subject}_test".split("_").map(&:capitalize).join, Class.new(Minitest::Test) do
        extend MountSupport::Observes
        observes subject, on: kind
      end)
    end
  end
end
