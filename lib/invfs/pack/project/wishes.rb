# frozen_string_literal: true

module InVFS
  class Pack
    # What a program wants to find when it starts: a writable directory, a working directory, variables of the
    # environment.
    class Wishes
      # An application for Rails runs for production: the gems for development are not packed.
      RAILS = { "RAILS_ENV" => "production" }.freeze
      private_constant :RAILS

      # @param wanted [Hash] :writable and :chdir, true, false or nil, which is for the project to say; :environment
      # @param points [EntryPoints]
      # @param directory [String] the directory of the project in the archive; empty for the whole
      def initialize(wanted, points, directory)
        @directory = directory.empty? ? "." : directory
        @writable = wanted[:writable].nil? ? points.rails? : wanted[:writable]
        @chdir = wanted[:chdir].nil? ? points.rails? || points.rack? : wanted[:chdir]
        @environment = (points.rails? ? RAILS : {}).merge(wanted[:environment])
      end

      def any? = @writable || @chdir || @environment.any?

      def add_to(manifest)
        manifest.add("writable", @directory) if @writable
        manifest.add("chdir", @directory) if @chdir
        @environment.sort.each { |name, value| manifest.add("env", "#{name}=#{value}") }
      end
    end
    private_constant :Wishes
  end
end
