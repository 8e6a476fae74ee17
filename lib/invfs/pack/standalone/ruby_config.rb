# frozen_string_literal: true

module InVFS
  class Pack
    # rbconfig.rb for a packed program: Ruby is where the archive is mounted, and is called `ruby`.
    module RubyConfig
      # Directories that are there.
      PLACES = { "rubylibdir" => "lib", "rubyarchdir" => "arch", "archdir" => "arch", "bindir" => "bin" }.freeze
      private_constant :PLACES

      # @param text [String] that of this Ruby
      # @return [String]
      def self.adapted(text)
        prefix = RbConfig::CONFIG["prefix"]
        text = text.b.sub(/^  TOPDIR = .*$/n, "  TOPDIR = #{Standalone::PREFIX.dump}")
        # A Ruby in somebody's home directory tells its place in many values; what is everywhere in /usr tells nothing.
        text = text.gsub(prefix.b, Standalone::PREFIX) unless %w[/usr /usr/local].include?(prefix)
        lines = PLACES.map { |key, name| "  CONFIG[#{key.dump}] = #{"#{Standalone::PREFIX}/#{name}".dump}\n" }
        lines += %w[ruby_install_name RUBY_INSTALL_NAME].map { |key| "  CONFIG[#{key.dump}] = \"ruby\"\n" }
        text.sub(/^(?=  MAKEFILE_CONFIG = )/n, lines.join)
      end
    end
    private_constant :RubyConfig
  end
end
