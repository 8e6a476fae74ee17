# frozen_string_literal: true

module InVFS
  class Pack
    # A script, and the files and directories that go with it. What lies beside the script keeps its place there.
    class Script
      # @return [Array<Tree::Item>]
      attr_reader :items

      # @return [Array<Summary::LeftOut>]
      attr_reader :left_out

      # @param path [String] the script
      # @param added [Array<String>]
      # @param rules [Hash] for the directories, as {Tree} takes them
      # @raise [InVFS::PackError] if two files would have the same name
      def initialize(path, added, rules)
        @directory = File.realpath(File.dirname(path))
        @rules = rules
        @items, @left_out = [file(path)], []
        added.each { |more| File.directory?(more) ? add_directory(more) : @items << file(more) }
        twice = @items.group_by(&:name).values.find { |items| items.size > 1 }
        raise PackError, "#{twice[0].name} is there twice: #{twice.map(&:path).join(", ")}" if twice
      end

      private

      def file(path) = Tree::Item.file(name(path), path)

      # Its name in the archive: that relative to the directory of the script, or the last part.
      def name(path)
        full = File.join(File.realpath(File.dirname(path)), File.basename(path))
        (full.start_with?("#{@directory}/") ? full.delete_prefix("#{@directory}/") : File.basename(full)).b
      end

      def add_directory(path)
        tree = Tree.new(path, **@rules)
        prefix = "#{name(path)}/".b
        @items.concat(tree.items.each { |item| item.name = prefix + item.name })
        @left_out.concat(tree.left_out)
      end
    end
    private_constant :Script
  end
end
