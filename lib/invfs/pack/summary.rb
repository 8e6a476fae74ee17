# frozen_string_literal: true

module InVFS
  class Pack
    # What was packed, and what was left out.
    class Summary
      # Why something is left out, in the words of the output.
      REASONS = {
        git: ".git", reserved: OwnEntries::DIRECTORY, ignored: ".invfsignore", excluded: "--exclude",
        not_included: "not in --include", unneeded: "not needed to run", special: "not a file",
        output: "the archive itself"
      }.freeze

      # Something that was left out of the archive.
      class LeftOut
        # @return [String] the name, with a slash at the end for a directory
        attr_reader :name

        # @return [Symbol] a key of {REASONS}
        attr_reader :reason

        # @return [Integer] how many files it stands for
        attr_reader :count

        # @api private
        def initialize(name, reason, count)
          @name, @reason, @count = name, reason, count
        end
      end

      # @return [Array<String>] the names of the files, links and empty directories that were packed
      attr_reader :names

      # @return [Integer] how many files and links there are
      attr_reader :files

      # @return [Integer] how many bytes they have
      attr_reader :bytes

      # @return [Integer, nil] how many bytes the archive has; nil if none was written
      attr_reader :archive_size

      # @return [Array<LeftOut>]
      attr_reader :left_out

      # @return [Array<String>] the names of the files with compiled code
      attr_reader :compiled

      # @return [Array<String>] the paths of the files of Ruby's own library with compiled code
      attr_reader :library

      # @return [Hash{String => String}] name of a file without compiled code => why it has none
      attr_reader :not_compiled

      # @api private
      def initialize(items, left_out, bytes: items.sum(&:bytes), archive_size: nil, compiled: [], library: [],
                     not_compiled: {})
        @names = items.map { |item| item.kind == :directory ? "#{item.name}/" : item.name }
        @files = items.count { |item| item.kind != :directory }
        @left_out = left_out
        @bytes, @archive_size = bytes, archive_size
        @compiled, @library, @not_compiled = compiled, library, not_compiled
      end

      # @return [Integer] how many files were left out
      def left_out_count = @left_out.sum(&:count)

      # @return [Hash{Symbol => Integer}] how many files were left out for each reason
      def left_out_by_reason
        REASONS.keys.to_h { |reason| [reason, @left_out.sum { |left| left.reason == reason ? left.count : 0 }] }
               .reject { |reason, _| @left_out.none? { |left| left.reason == reason } }
      end
    end
  end
end
