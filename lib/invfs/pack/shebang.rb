# frozen_string_literal: true

module InVFS
  class Pack
    # The beginning of an archive that starts by itself where Ruby and invfs are installed: the system hands such a file
    # to `invfs run`.
    module Shebang
      # `env` splits it into words, so that the command may be anywhere in PATH.
      LINE = "#!/usr/bin/env -S invfs run\n"

      EMPTY_ARCHIVE = "PK\x05\x06#{"\0" * 18}".b
      private_constant :EMPTY_ARCHIVE

      # @return [InVFS::ZipFS] an archive that begins with the line, for the writer to begin as it does
      def self.archive = ZipFS.from_bytes(LINE.b + EMPTY_ARCHIVE, to_path: "shebang")
    end
    private_constant :Shebang
  end
end
