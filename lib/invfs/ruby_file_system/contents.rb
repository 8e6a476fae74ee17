# frozen_string_literal: true

module InVFS
  module RubyFileSystem
    # What a descriptor holds, as a String.
    module Contents
      # @param file [File] its offset stays where it is
      # @return [String] binary, the bytes from `start` on, up to `length`
      def self.read(file, start, length)
        return +"" if start >= length

        contents = file.pread(length - start, start)
        # The system reads two gigabytes at most.
        while (at = start + contents.bytesize) < length
          contents << file.pread(length - at, at)
        end
        contents
      rescue EOFError
        # It was cut meanwhile, and is handed over again.
        contents || +""
      end
    end
  end
end
