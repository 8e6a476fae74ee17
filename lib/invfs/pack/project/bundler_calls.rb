# frozen_string_literal: true

module InVFS
  class Pack
    # Whether a program calls Bundler when it starts, judging by the files that it starts with.
    module BundlerCalls
      # Scripts, config.ru and Rakefile, the configuration, Ruby files at the top.
      STARTING = %r{\Aapp/(?:(?:exe|bin|config)/[^/]+|[^/]+\.(?:rb|ru)|Rakefile)\z}n

      # The ways to call it.
      CALL = %r{^[^#\n]*(?:\bBundler\.(?:setup|require)\b|require\b[^#\n]*["']bundler(?:/setup|/inline)?["'])}n
      private_constant :STARTING, :CALL

      module_function

      # @param items [Array<Tree::Item>]
      # @param main [String, nil] the main script
      def any?(items, main)
        files = items.select { |item| item.kind == :file && (item.name == main&.b || item.name.match?(STARTING)) }
        files.any? { |item| item.bytes < MAX_LOADSIZE && item.read.b.match?(CALL) }
      end
    end
    private_constant :BundlerCalls
  end
end
