# frozen_string_literal: true

module InVFS
  class Pack
    # RubyGems for a packed program: its gems are there, and a flat program loads it only when it asks for it.
    module Rubygems
      # What systems tell RubyGems about themselves. When it starts, it evaluates the specifications of all gems that
      # belong to Ruby, which takes longer than all the rest of it; here it finds them only later, when a program asks
      # for one.
      DEFAULTS = <<~RUBY.freeze
        class << Gem
          def default_dir = "#{Standalone::PREFIX}/gems"
          def default_path = [default_dir]
          def ruby = "#{Standalone::PREFIX}/bin/ruby"
          def default_specifications_dir = "\#{default_dir}/specifications/\#{@complete ? "default" : "none"}"

          # The last line of rubygems.rb calls this.
          def complete
            @complete = true
            InVFS::Standalone.rubygems_ends if defined?(InVFS::Standalone)
          end
        end
      RUBY

      # What stands before the first line of code in rubygems.rb.
      BEGINNING = "InVFS::Standalone.rubygems_begins if defined?(InVFS::Standalone); "

      # The same for files that RubyGems does not load itself: they find it loaded.
      PART = "Object.const_defined?(\"Gem::VERSION\"); "
      private_constant :BEGINNING, :PART

      # @param text [String] rubygems.rb, with the same lines afterwards, and one more
      # @return [String]
      def self.adapted(text) = "#{started(text, BEGINNING)}Gem.complete\n".b

      # @param text [String] a file of RubyGems that a program may require before anything else has loaded RubyGems
      # @return [String] with the same lines
      def self.part(text) = started(text, PART)

      # Puts something before the first code.
      def self.started(text, code) = text.b.sub(/^(?=[^#\s])/n, code.b)
      private_class_method :started
    end
    private_constant :Rubygems
  end
end
