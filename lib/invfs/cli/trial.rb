# frozen_string_literal: true

require "rbconfig"
require "tmpdir"

module InVFS
  module CLI
    # Runs the program of an archive and finds out which files of this machine it read.
    class Trial
      RECORDER = "#{__dir__}/trial/recorder.rb".freeze
      COMMAND = File.expand_path("../../../exe/invfs", __dir__).freeze

      # What every machine has.
      SYSTEM = %w[/dev/ /proc/ /sys/ /etc/].freeze

      # RubyGems reads the specifications of the gems that belong to Ruby.
      DEFAULT_GEM = %r{/specifications/default/[^/]+\.gemspec\z}n
      private_constant :RECORDER, :COMMAND, :SYSTEM, :DEFAULT_GEM

      # @return [Hash{Symbol => Array<String>}] :loaded, code, and :read, other files and directories; none is empty
      attr_reader :outside

      # @param archive [String] its path
      # @param arguments [Array<String>] for the program
      # @param writable [Boolean] whether the program wants to write: it writes to a temporary directory
      def initialize(archive, arguments, writable:)
        @archive = File.realpath(archive)
        found = Dir.mktmpdir("invfs-trial") { |directory| record(File.join(directory, "paths"), arguments, writable) }
        loaded, read = found.uniq.partition { |what, _| what == "loaded" }.map { |lines| lines.map(&:last).sort }
        @outside = { loaded: loaded, read: read - loaded }.reject { |_, names| names.empty? }
      end

      def good? = @status.success?

      # @return [String] how the program ended
      def ended = @status.signaled? ? "signal #{@status.termsig}" : "exit code #{@status.exitstatus}"

      private

      # What the program prints is no result, so it goes to stderr.
      def record(file, arguments, writable)
        File.write(file, "")
        writable = writable ? %w[--writable temporary] : []
        command = [RbConfig.ruby, "-r#{RECORDER}", COMMAND, "run", *writable, "--", @archive, *arguments]
        @status = wait(spawn({ "INVFS_TRIAL" => file }, *command, out: :err))
        File.binread(file).split("\0").map { |line| line.split(" ", 2) }.select { |_, path| outside?(path) }
      end

      # Ctrl-C ends a server, and then there is the result.
      def wait(pid)
        before = trap("INT", "IGNORE")
        Process.wait2(pid)[1]
      ensure
        trap("INT", before)
      end

      def outside?(path)
        own = path == @archive || path.start_with?("#{@archive}/", *SYSTEM, *rubys_own) || path.match?(DEFAULT_GEM)
        !own && File.exist?(path)
      end

      # The standard library, RubyGems and invfs.
      def rubys_own
        @rubys_own ||= begin
          rubygems = $LOAD_PATH.map { |directory| "#{directory}/rubygems" }.select { |path| File.exist?("#{path}.rb") }
          directories = RbConfig::CONFIG.values_at("rubylibdir", "rubyarchdir").compact
          directories += [*rubygems, File.expand_path("..", __dir__)]
          directories.map { |directory| "#{directory}/" } + rubygems.map { |path| "#{path}.rb" } +
            [File.expand_path("../../invfs.rb", __dir__), COMMAND]
        end
      end
    end
    private_constant :Trial
  end
end
