# frozen_string_literal: true

module InVFS
  module RubyFileSystem
    # The file system has nothing for a change.
    class Unknown < Errno::ENOTSUP
    end
  end
end
