# frozen_string_literal: true

# The error classes of invfs. Where Ruby users expect an Errno (a missing file, a directory in place of a file), a
# LoadError or a TypeError, invfs raises that instead.
module InVFS
  # The superclass of all errors of invfs.
  class Error < StandardError
  end

  # An archive, or one of its entries, is wrong.
  #
  #   begin
  #     InVFS.zip("broken.zip").read("a.rb")
  #   rescue InVFS::ArchiveError => e
  #     warn "#{e.archive}: #{e.entry}: #{e.message}"
  #   end
  class ArchiveError < Error
    # @return [String, nil] the path of the archive
    attr_reader :archive

    # @return [String, nil] the name of the entry; nil if the error is about the whole archive
    attr_reader :entry

    # @param message [String, nil] the message; nil: the name of the class, as for every exception
    # @param archive [String, nil] the path of the archive
    # @param entry [String, nil] the name of the entry
    def initialize(message = nil, archive: nil, entry: nil)
      super(message)
      @archive = archive
      @entry = entry
    end
  end

  # The file is not a zip archive.
  class NotAnArchiveError < ArchiveError
  end

  # The file is a zip archive, but its structure is damaged: it is cut off, or its parts contradict each other.
  class MalformedArchiveError < ArchiveError
  end

  # The content of an entry is damaged: it cannot be inflated, or its size or checksum is not the recorded one.
  class CorruptEntryError < ArchiveError
  end

  # The archive or the entry uses something that invfs cannot read, such as an unknown compression method.
  class UnsupportedArchiveError < ArchiveError
  end

  # The entry is encrypted. invfs does not ask for passwords.
  class EncryptedEntryError < ArchiveError
  end

  # The name of an entry would lead out of the archive, or means different things to different systems.
  class UnsafeNameError < ArchiveError
  end

  # Two entries have the same name, so it is unclear which one is meant.
  class DuplicateEntryError < ArchiveError
  end

  # The entry is larger than the limit that the archive was opened with (`max_entry_size`).
  class EntryTooLargeError < ArchiveError
  end

  # The archive was changed or cut off in place after it was opened.
  class ArchiveChangedError < ArchiveError
  end

  # The archive is closed.
  class ClosedError < ArchiveError
  end

  # Mounts are not supported in this process: the system has none, or the Ruby program calls the system's file functions
  # in a way that cannot be redirected. The message says which.
  class MountUnsupported < Error
  end
end
