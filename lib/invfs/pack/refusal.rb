# frozen_string_literal: true

module InVFS
  class Pack
    # Says of a file or directory that cannot be packed which one it is on disk, and what to do.
    module Refusal
      OUT = "--exclude leaves it out"
      private_constant :OUT

      # Runs the block, which packs or reads what is at `path`.
      # @raise [InVFS::UnsafeNameError, InVFS::DuplicateEntryError, Errno::EACCES, Errno::EPERM] as the block does, with
      #   another message
      def self.naming(path)
        yield
      rescue UnsafeNameError, DuplicateEntryError => e
        raise e.class.new("#{path}: #{reason(e)}; #{OUT}", archive: e.archive, entry: e.entry)
      rescue Errno::EACCES, Errno::EPERM => e
        raise e.class, "#{path}; #{OUT}"
      end

      # The message of an {ArchiveError} without archive and entry, where those are said already.
      def self.reason(error) = error.message.sub(/\A.*?: entry #{Regexp.escape(error.entry.to_s.inspect)}: /m, "")
    end
    private_constant :Refusal
  end
end
