# frozen_string_literal: true

module InVFS
  module CLI
    class Run
      # Which parser this Ruby has. With Prism, the usual one since Ruby 3.4, Ruby treats the first line and DATA of its
      # main script in another way.
      module Parser
        # @return [Boolean] `ruby --parser=parse.y` has the old one
        def self.prism? = RUBY_DESCRIPTION.include?("+PRISM")
      end
    end
  end
end
