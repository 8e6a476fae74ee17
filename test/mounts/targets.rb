# frozen_string_literal: true

# The places for the tree of the cases: on disk, or in a mount.
#
# A new kind of mount needs an entry in PREPARE (runs in the test, prepares what must exist) and in MOUNT (runs in the
# process of the cases, gets the mount point and the result of PREPARE).
require "fileutils"
require "tmpdir"

module MountTargets
  # The place of the tree: its kind, its root, and the input of MOUNT; `parent` is always a real directory.
  Target = Struct.new(:kind, :parent, :material, keyword_init: true) do
    def root = "#{parent}/app"
    def disk? = !MOUNT.key?(kind)
  end

  # All names have seven letters, so that the length of a path cannot make a difference.
  PARENTS = { control: "control", copy: "thecopy", zip: "mounted", nowhere: "nowhere", union: "layered", writable: "written" }.freeze

  PREPARE = {
    control: ->(target) { MountFixture.write(target.root) },
    copy: ->(target) { MountFixture.write(target.root) },
    zip: ->(_) { MountFixture.archive },
    nowhere: ->(target) { FileUtils.rm_r(target.parent) && MountFixture.archive },
    union: ->(target) { MountFixture.write("#{target.parent}.files") },
    writable: ->(target) { [MountFixture.archive, "#{target.parent}.upper"] }
  }.freeze

  MOUNT = {
    zip: ->(at, archive) { InVFS.mount(at, InVFS.zip(archive)) },
    nowhere: ->(at, archive) { InVFS.mount(at, InVFS.zip(archive)) },
    union: ->(at, directory) { InVFS.mount(at, InVFS.union(directory)) },
    writable: ->(at, (archive, upper)) { InVFS.mount(at, InVFS.zip(archive), writable: upper) }
  }.freeze

  # Those on which a change is possible; each case that changes something gets one to itself.
  CHANGEABLE = %i[control copy writable].freeze

  class << self
    # The target of this kind, made at the first call.
    def get(kind)
      (@targets ||= {})[kind] ||= fresh(kind, directory)
    end

    # Another one, which the caller may change.
    def fresh(kind, below = Dir.mktmpdir("change", directory))
      require_relative "fixture"
      target = Target.new(kind: kind, parent: "#{below}/#{PARENTS.fetch(kind)}")
      FileUtils.mkdir_p(target.parent)
      # A neighbour of the root, which is real everywhere.
      File.write("#{target.parent}/outside.txt", "outside\n")
      PREPARE.fetch(kind).call(target).then { |material| target.material = material }
      target
    end

    # Everything that the tests make lies in here.
    def directory
      @directory ||= File.realpath(Dir.mktmpdir("invfs-mounts")).tap do |path|
        Minitest.after_run { FileUtils.rm_rf(path) }
      end
    end
  end
end
