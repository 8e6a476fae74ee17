# frozen_string_literal: true

module InVFS
  module RubyFileSystem
    # Files that are open for writing when the program ends. Their contents are handed over while Ruby code can still
    # run.
    module OpenFiles
      # Finalizers run when the program ends: after the blocks of `at_exit`, and before Ruby closes open files and frees
      # its objects.
      LAST = Object.new
      STANDARD = [STDOUT, STDERR].freeze # rubocop:disable Style/GlobalStdStream -- whatever the variables hold at the end
      private_constant :LAST, :STANDARD

      module_function

      def watch
        ObjectSpace.define_finalizer(LAST, method(:finish).to_proc)
      end

      def finish(_id)
        close
        hand_over
      ensure
        RubyFileSystem.ended
      end

      def close
        ObjectSpace.each_object(File).select { |file| ours?(file) }.each { |file| close_one(file) }
      end

      # What has no File object, such as standard output that leads into a mount.
      def hand_over
        STANDARD.each { |io| io.flush unless io.closed? }
        RubyFileSystem.hand_over.each { |path, number| lost(path, SystemCallError.new(number)) }
      rescue IOError, SystemCallError => e
        warn("invfs: what was written to standard output is lost: #{e.message}")
      end

      def lost(path, error)
        warn("invfs: #{path} was open when the program ended, and what was written to it is lost: #{error.message}")
      end

      def ours?(file)
        return false if file.closed? || !file.path

        path = File.expand_path(file.path)
        InVFS.mounts.any? { |root, _| path.start_with?("#{root}/") }
      rescue IOError, SystemCallError, ArgumentError
        false
      end

      def close_one(file)
        file.close
      rescue IOError, SystemCallError => e
        lost(file.path, e)
      end
    end
  end
end
