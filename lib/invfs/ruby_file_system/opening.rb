# frozen_string_literal: true

module InVFS
  module RubyFileSystem
    # How a file is to be opened: the flags of open(2), in words.
    class Opening
      def initialize(flags)
        @flags = flags
      end

      def creates? = flag?(File::CREAT)

      def exclusive? = creates? && flag?(File::EXCL)

      def truncates? = flag?(File::TRUNC)

      def appends? = flag?(File::APPEND) && !truncates?

      def reads? = !flag?(File::WRONLY)

      def writes? = flag?(File::WRONLY) || flag?(File::RDWR)

      private

      def flag?(bit) = @flags.anybits?(bit)
    end
  end
end
