# frozen_string_literal: true

require "rbconfig"
require "tmpdir"

module InVFS
  class Pack
    # Which gems a project needs, as installed here. Nothing is fetched from the network.
    class Resolution
      SCRIPT = "#{__dir__}/resolve.rb".freeze

      # What Bundler has set for the process that packs is not for the project.
      CLEAN = %w[RUBYOPT RUBYLIB BUNDLE_BIN_PATH BUNDLER_VERSION BUNDLER_SETUP].to_h { |name| [name, nil] }.freeze
      private_constant :SCRIPT, :CLEAN

      # Gives the block a resolution; what it refers to is there as long as the block runs.
      # @param found [Recognition]
      # @param without [Array<String>] groups of a Gemfile that are not packed
      def self.open(found, without)
        Dir.mktmpdir("invfs-pack") { |directory| yield new(found, without, directory) }
      end

      # @return [Array<Hash>] the gems, as {GemFacts} has them; that of the project itself first
      def gems = @answer[:gems]

      # @return [String, nil] the name of the gem that the project is
      def own = @answer[:name]

      # @return [String] the platform and the version of the interface, for extensions
      def place = @answer[:place]

      # @return [Array<Hash>] gems of the bundle that belong to Ruby, as {GemFacts} has them
      def rubys = @answer[:rubys] || []

      # @return [Array<Hash>] the gems that the Gemfile names: :name, :require, :groups
      def wanted = @answer[:wanted] || []

      # @return [Hash, nil] Bundler itself, as {GemFacts} has it
      def bundler = @answer[:bundler]

      private_class_method :new

      # @raise [InVFS::PackError] if a gem is missing, or a gemspec or Gemfile is wrong
      def initialize(found, without, directory)
        Dir.mkdir(unpacked = File.join(directory, "unpacked"))
        kind = found.kind == :gemspec_and_gemfile ? :gemfile : found.kind
        path = found.file ? File.expand_path(found.file) : found.path
        question = { kind: kind, path: path, without: without, directory: unpacked }
        @answer = ask(question, File.join(directory, "question"))
        raise Errno::ENOENT, "#{path}, and no gem of this name is installed" if @answer[:missing]
        raise PackError, "#{found.path}: #{@answer[:error]}" if @answer[:error]
      end

      private

      def ask(question, file)
        File.binwrite(file, Marshal.dump(question))
        system(environment(question), RbConfig.ruby, "-W0", SCRIPT, file, out: :err)
        answer = Marshal.load(File.binread(file)) # rubocop:disable Security/MarshalLoad
        answer.key?(:kind) ? { error: "Ruby ended before it knew the gems" } : answer
      end

      # The date that RubyGems writes into a specification without one is not to be that of today.
      def environment(question)
        gemfile = question[:kind] == :gemfile ? question[:path] : nil
        CLEAN.merge("BUNDLE_GEMFILE" => gemfile, "SOURCE_DATE_EPOCH" => Pack.time.to_s)
      end
    end
    private_constant :Resolution
  end
end
