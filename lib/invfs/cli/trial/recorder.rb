# frozen_string_literal: true

# Loaded first in a trial run (`invfs doctor --trial`): writes the paths of files and directories that the program
# reads, and of the code that it loads, to the file that INVFS_TRIAL names. It stands in front of Ruby's own methods, so
# it does not see what libraries in C open by themselves.
module InVFS
  # Keeps what was seen.
  module TrialRecorder
    FILE = File.open(ENV.delete("INVFS_TRIAL"), "ab").tap { |file| file.sync = true }
    SEEN = {} # rubocop:disable Style/MutableConstant

    # What Ruby itself loads before any program.
    BEFORE = $LOADED_FEATURES.to_h { |path| [path, true] }.freeze

    class << self
      # Records a path that is read; other arguments of these methods, such as descriptors, are none.
      def saw(path, mode = nil)
        return if mode.is_a?(String) ? mode.match?(/[wa]/) : mode.is_a?(Integer) && mode.anybits?(File::WRONLY)

        path = path.to_path if path.respond_to?(:to_path)
        note("read", File.expand_path(path)) if path.is_a?(String) && !path.start_with?("|", "~")
      rescue SystemCallError, ArgumentError, EncodingError
        nil
      end

      def loaded
        $LOADED_FEATURES.each { |path| note("loaded", path) if path.start_with?("/") && !BEFORE.key?(path) }
      end

      private

      # One write for a line, so that processes that were forked do not mix theirs.
      def note(what, path)
        line = "#{what} #{path}\0".b
        FILE.syswrite(line) unless SEEN.key?(line)
        SEEN[line] = true
      end
    end

    # In front of File#initialize, which File.open and File.new call.
    module Opening
      def initialize(path, *rest, **options, &block)
        TrialRecorder.saw(path, options[:mode] || rest.first)
        super
      end
    end

    # In front of Dir#initialize.
    module Listing
      def initialize(path, ...)
        TrialRecorder.saw(path)
        super(path, ...)
      end
    end

    # Makes a module with methods that record their first argument.
    def self.in_front_of(*names)
      Module.new do
        names.each do |name|
          define_method(name) do |path, *rest, **options, &block|
            TrialRecorder.saw(path, options[:mode] || (rest.first if name == :open))
            super(path, *rest, **options, &block)
          end
        end
      end
    end

    at_exit { loaded }
  end
end

File.prepend(InVFS::TrialRecorder::Opening)
Dir.prepend(InVFS::TrialRecorder::Listing)
IO.singleton_class.prepend(InVFS::TrialRecorder.in_front_of(:read, :binread, :readlines, :foreach, :copy_stream))
Dir.singleton_class.prepend(InVFS::TrialRecorder.in_front_of(:children, :entries, :each_child, :foreach))
Object.prepend(InVFS::TrialRecorder.in_front_of(:open).tap { |front| front.send(:private, :open) })
