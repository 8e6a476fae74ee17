# frozen_string_literal: true

module InVFS
  class Pack
    # Finds out where the symbolic links in a directory lead, and what to store so that they lead there in an archive.
    class Links
      # @param root [String] the real path of the directory
      def initialize(root)
        @root = root
      end

      # Whether a link that is stored as `text` under `name` stays inside at every step.
      def self.inside?(name, text)
        return false if text.start_with?("/") || text.include?("\0")

        up = text[%r{\A(?:\.\.(?:/+|\z)|\./+)*}n]
        up.scan("..").size <= name.count("/") && text.delete_prefix(up).split("/").none?("..")
      end

      # What to store for a link; nil if it leads out of the directory. A link that leads nowhere is stored unchanged.
      # @param name [String] the link's name in the archive
      # @param path [String] the link on disk
      # @param moved [Boolean] whether it lies elsewhere on disk than in the archive
      def target(name, path, moved:)
        text = File.readlink(path).b
        destination = destination(path, text)
        return unless destination == @root || destination.start_with?(inside)
        return text if !moved && Links.inside?(name, text)

        relative(name, destination.delete_prefix(inside))
      end

      private

      def inside = @root == "/" ? "/" : "#{@root}/".b

      def destination(path, text)
        File.realpath(path).b
      rescue Errno::ENOENT, Errno::ELOOP, Errno::ENOTDIR
        File.expand_path(text.sub(/\A~/n, "./~"), File.dirname(path)).b
      end

      def relative(name, destination)
        destination = "" if destination == @root
        from = name.split("/")[..-2]
        to = destination.split("/")
        common = from.zip(to).take_while { |a, b| a == b }.size
        parts = [".."] * (from.size - common) + to.drop(common)
        parts.empty? ? "." : parts.join("/")
      end
    end
    private_constant :Links
  end
end
