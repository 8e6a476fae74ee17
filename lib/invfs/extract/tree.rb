# frozen_string_literal: true

require "digest/sha2"

module InVFS
  module Extract
    # A directory of a VFS with everything below it, read once: the names, and what each becomes on disk.
    class Tree
      # One item in a tree: kind is :file, :executable, :directory or :link; text is the contents or the target.
      Item = Struct.new(:kind, :text) do
        def digest = Digest::SHA256.hexdigest(text)
      end

      # @return [Hash{String => Item}] subpath => item, a directory before its contents
      attr_reader :items

      # @param source [VirtualSource, MountedSource]
      # @raise [Errno::ELOOP] if links may lead in circles
      def initialize(source)
        @items = {}
        collect(source, [], 0)
      end

      # A digest of the tree: kinds, names and contents.
      # @return [String] in hexadecimal
      def digest
        lines = @items.map { |name, item| "#{item.kind} #{item.digest} #{name.bytesize} ".b << name.b << "\n" }
        Digest::SHA256.hexdigest(lines.join)
      end

      private

      # `copied`: how many components lead to the copied target of a link; 0 outside of one.
      def collect(source, place, copied)
        source.children.each do |name|
          check(name)
          add(source.child(name), [*place, name.b], copied)
        end
      end

      def add(child, place, copied)
        name = place.join("/")
        target = child.link
        if target && inside?(target, place.size - 1 - copied)
          @items[name] = Item.new(:link, target.b)
        elsif child.kind == :directory
          raise Errno::ELOOP, name if target && copied.positive?

          @items[name] = Item.new(:directory, "")
          collect(child, place, target ? place.size : copied)
        elsif child.kind == :file
          @items[name] = Item.new(child.executable? ? :executable : :file, child.read)
        end
        # The remaining links lead nowhere, in the VFS too.
      end

      # Whether a link, `depth` directories below the top, leads to something below the top: then it stays a link,
      # otherwise its target is copied. `..` after a name is refused, because that name may be another link.
      def inside?(target, depth)
        up = target.b[%r{\A(?:\.\.?/+)*(?:\.\.?\z)?}n]
        rest = target.b.delete_prefix(up).split("/")
        !target.start_with?("/") && !rest.include?("..") && up.scan("..").size <= depth
      end

      # A VFS written by others may return anything.
      def check(name)
        bad = ["", ".", ".."].include?(name) || name.b.match?(%r{[/\0]}n)
        raise Errno::EINVAL, "a file called #{name.inspect}" if bad
      end
    end
  end
end
