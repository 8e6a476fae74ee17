# frozen_string_literal: true

# Lays one tree of files out in every form that a load path entry can take, always under the same kind of root.
require "fileutils"
require_relative "zip_builder"

module Trees
  CONTROL = :disk

  # Where mounts work, Ruby itself loads the code in $:. Elsewhere invfs does, and there are no mounts to test.
  # INVFS_WITHOUT_MOUNTS: the library was built as for such a system (`rake test:without_mounts`).
  MOUNTS = RUBY_PLATFORM.include?("linux") && !ENV.key?("INVFS_WITHOUT_MOUNTS")

  # How to make the VFS forms; the keys are the kinds of a differential test.
  KINDS = [:archive_path, :path_into_archive, :zip_fs, :string_map_fs, :union_fs, :sub_fs, :user_vfs,
           *(:mount if MOUNTS)].freeze

  INNER = "inner"

  # A tree for the process that runs the case: its kind, its root, and its files.
  Tree = Struct.new(:kind, :root, :files)

  # Writes the files that must exist on disk before the case runs. Returns the Tree.
  # files: name => content; a name that ends in "/" is an empty directory.
  def self.lay_out(kind, path, files)
    case kind
    when CONTROL then write(path, files)
    when :archive_path, :zip_fs then ZipBuilder.write(path, files)
    when :mount then ZipBuilder.write("#{path}.archive", files)
    when :path_into_archive, :sub_fs then ZipBuilder.write(path, files.transform_keys { |name| "#{INNER}/#{name}" })
    when :union_fs then lay_out_union(path, files)
    end
    inside = %i[path_into_archive sub_fs].include?(kind)
    Tree.new(kind, inside ? "#{path}/#{INNER}" : path, files)
  end

  def self.write(directory, files)
    FileUtils.mkdir_p(directory)
    files.each do |name, content|
      path = File.join(directory, name)
      next FileUtils.mkdir_p(path) if name.end_with?("/")

      FileUtils.mkdir_p(File.dirname(path))
      File.binwrite(path, content)
    end
    directory
  end

  # The object or String to put in $:. Needs invfs for every kind but the control.
  def self.entry(tree)
    case tree.kind
    when CONTROL, :archive_path, :path_into_archive then tree.root.dup
    when :zip_fs then InVFS.zip(tree.root)
    when :mount then InVFS.mount(tree.root, InVFS.zip("#{tree.root}.archive")).dup
    when :sub_fs then InVFS.zip(File.dirname(tree.root)).sub(INNER)
    when :string_map_fs then InVFS.stringmap(only_files(tree), to_path: tree.root)
    when :union_fs then union(tree)
    when :user_vfs then UserVFS.new(tree.root, only_files(tree))
    end
  end

  # A VFS as a user would write it: only the four methods.
  class UserVFS
    def initialize(root, files)
      @root = root
      @files = files.transform_keys(&:b)
    end

    def to_path
      @root
    end

    def file?(path)
      @files.key?(path.b)
    end

    def size(path)
      @files.fetch(path.b).bytesize
    end

    def read(path)
      @files.fetch(path.b).dup
    end
  end

  class << self
    private

    # Two directories and a map, so that neighbours come from different members.
    def lay_out_union(path, files)
      parts = split(files)
      write("#{path}.first", parts[0])
      write("#{path}.second", parts[1])
    end

    def union(tree)
      map = InVFS.stringmap(only_files(Tree.new(nil, nil, split(tree.files)[2])), to_path: "#{tree.root}.map")
      InVFS.union("#{tree.root}.first", "#{tree.root}.second", map, to_path: tree.root)
    end

    def split(files)
      parts = [{}, {}, {}]
      files.each_with_index { |(name, content), index| parts[index % 3][name] = content }
      parts
    end

    def only_files(tree)
      tree.files.reject { |name, _| name.end_with?("/") }
    end
  end
end
