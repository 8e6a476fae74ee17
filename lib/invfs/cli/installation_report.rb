# frozen_string_literal: true

require_relative "../../invfs"

module InVFS
  module CLI
    # The report of `invfs doctor` on invfs itself: does it work here, and how.
    class InstallationReport
      # @return [Array<String>]
      attr_reader :lines

      # @return [Boolean] whether code can be required from a VFS
      def good? = @good

      def initialize
        @lines = ["Ruby: #{RUBY_DESCRIPTION}", library, loading, mounts]
      end

      private

      def library
        path = Native.candidates.find { |candidate| File.file?(candidate) }
        "native library: #{path}"
      end

      # A real `require`, so that nothing but success counts.
      def loading
        name = "invfs_doctor_#{Process.pid}"
        place = InVFS.stringmap({ "#{name}.rb" => "" }, to_path: "/invfs/doctor-#{Process.pid}")
        $LOAD_PATH.unshift(place)
        @good = require(name)
        "require from a VFS: works, by #{InVFS.transparent? ? "Ruby's own loader" : "the loader of invfs"}"
      rescue LoadError, StandardError => e
        "require from a VFS: does not work: #{e.class}: #{e.message}"
      ensure
        $LOAD_PATH.delete(place)
      end

      def mounts
        at = InVFS.mount("/invfs/doctor-mount-#{Process.pid}", InVFS.stringmap({ "file" => "contents" }))
        works = File.read("#{at}/file") == "contents"
        InVFS.unmount(at)
        return "mounts: do not work: a file in one has other contents" unless works

        "mounts: work#{off}"
      rescue MountUnsupported => e
        "mounts: not here: #{e.message}"
      rescue SystemCallError => e
        "mounts: do not work: #{e.message}"
      end

      def off
        InVFS.transparent? ? "" : "; what is in $LOAD_PATH is not readable by path: RUBY_INVFS_TRANSPARENT=0"
      end
    end
    private_constant :InstallationReport
  end
end
