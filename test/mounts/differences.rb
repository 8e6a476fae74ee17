# frozen_string_literal: true

# The cases where a mount answers differently from a disk. A test fails when one of them has become equal.
module Differences
  READ_ONLY = "a read-only mount reports files as not writable, like a disk that is mounted read-only"
  OUTSIDE = "no link in an archive leads out of it"
  ORDER = "a change is refused before the name is looked up, as on a disk that is mounted read-only"
  REAL_PARENT = "a real directory does not list the mounts in it"
  CHILD = "a child process asks the kernel, which knows no mounts"

  # By design: subject => { name of the case => why }.
  BY_DESIGN = {
    stat: {
      "File.writable?, writable_real?" => READ_ONLY,
      "test() for writing" => READ_ONLY,
      "a relative link that leads out" => OUTSIDE,
      "an absolute link that leads out" => OUTSIDE
    },
    directories: {
      "the root in the listing of its real parent" => REAL_PARENT
    },
    pathname: { "mountpoint? of the root" => "it is a mount point" },
    encodings: {
      "stdio of the C library" => "a function that is looked up by name at run time is the C library's own"
    },
    errors: {
      "changing what is not there" => ORDER,
      "a path that is too long" => "no path may be longer than the system allows, not even for realpath"
    },
    copies: {
      "a child that is given a path" => CHILD,
      "a child that lists" => CHILD,
      "a child in a working directory inside" => CHILD,
      "a script of Ruby's that is run by name" => "the interpreter, a child process, gets the script as a descriptor"
    }
  }.freeze

  NO_PARENT = "the mount's parent does not exist, so it has no neighbours"
  DEVICE = "a mount is a file system of its own: files are copied into it or out of it, not moved"

  # Additional differences of one kind of mount; nil: no difference here.
  ON = {
    nowhere: {
      directories: {
        "the parent's neighbours" => NO_PARENT, "relative paths of all kinds" => NO_PARENT,
        "Dir.chdir into the real parent" => NO_PARENT
      },
      errors: { "out of the root and in again" => NO_PARENT }
    },
    # The kernel follows the links of a real directory.
    union: { stat: { "an absolute link that leads out" => nil } },
    writable: {
      stat: { "File.writable?, writable_real?" => nil, "test() for writing" => nil },
      errors: {
        "File.rename out" => DEVICE, "File.rename in" => DEVICE, "File.link out" => DEVICE,
        "File.mkfifo" => "a mount holds files, directories and links only",
        "changing what is not there" => nil
      }
    }
  }.freeze

  # Whether realpath of this C library takes paths that the system does not take. musl's does not.
  LONG_REAL_PATHS = begin
    !File.realpath("/#{"./" * 2500}").empty?
  rescue Errno::ENAMETOOLONG
    false
  end

  # Why this case differs on this kind of mount, or nil.
  def self.reason(kase, kind)
    place = [kase.subject, kase.name]
    return if place == [:errors, "a path that is too long"] && !LONG_REAL_PATHS

    special = ON.dig(kind, kase.subject)
    return special[kase.name] if special&.key?(kase.name)

    BY_DESIGN.dig(*place)
  end

  # All cases listed here, as [subject, name], table by table.
  def self.all
    [BY_DESIGN, *ON.values].map do |table|
      table.flat_map { |subject, cases| cases.keys.map { |name| [subject, name] } }
    end
  end
end
