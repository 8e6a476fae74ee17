# frozen_string_literal: true

module InVFS
  module RubyFileSystem
    # The flags of open(2) for a file, in words.
    class Opening
      def initialize(flags)
        @flags = flags
      end

      def creates? = flag?(File::CREAT)

      def exclusive? = creates? && flag?(File::EXCL)

      def truncates? = flag?(File::TRUNC)

      def appends? = flag?(File::APPEND) && !truncates?

      def reads? = !flag?(File::WRONLY)

      private

      def flag?(bit) = @flags.anybits?(bit)
    end
  end
end
