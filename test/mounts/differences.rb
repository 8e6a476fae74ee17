# frozen_string_literal: true

# The cases that a mount answers in another way than the disk does. A test fails when one of them has become equal.
module Differences
  READ_ONLY = "what cannot be changed is not writable, as on a disk that is mounted for reading alone"
  OUTSIDE = "no link in an archive leads out of it"
  ORDER = "a change is refused before the name is looked for, as on a disk that is mounted for reading alone"
  REAL_PARENT = "a real directory does not list what is mounted in it"
  CHILD = "a child process asks the system, which knows no mount"

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
    pathname: { "mountpoint? of the root" => "it is one" },
    encodings: {
      "stdio of the C library" => "a function that was looked up by name while the program runs is the C library's own"
    },
    errors: {
      "changing what is not there" => ORDER,
      "a path that is too long" => "no path may be longer than the system takes, not even one for realpath"
    },
    copies: {
      "a child that is given a path" => CHILD,
      "a child that lists" => CHILD,
      "a child in a working directory inside" => CHILD,
      "a script of Ruby's that is run by name" => "the interpreter, a child process, gets the script as a descriptor"
    }
  }.freeze

  NO_PARENT = "where the mount's parent does not exist, neither do its neighbours"
  DEVICE = "a mount is a file system of its own: nothing is moved out of it or into it, but copied"

  # What is added on one kind of mount; nil: here it is equal.
  ON = {
    nowhere: {
      directories: {
        "the parent's neighbours" => NO_PARENT, "relative paths of all kinds" => NO_PARENT,
        "Dir.chdir into the real parent" => NO_PARENT
      },
      errors: { "out of the root and in again" => NO_PARENT }
    },
    # The links of a real directory are the system's.
    union: { stat: { "an absolute link that leads out" => nil } },
    writable: {
      stat: { "File.writable?, writable_real?" => nil, "test() for writing" => nil },
      errors: {
        "File.rename out" => DEVICE, "File.rename in" => DEVICE, "File.link out" => DEVICE,
        "File.mkfifo" => "there are files, directories and links in a mount",
        "changing what is not there" => nil
      }
    }
  }.freeze

  # Why this case is expected to differ on this kind of mount, or nil.
  def self.reason(kase, kind)
    place = [kase.subject, kase.name]
    special = ON.dig(kind, kase.subject)
    return special[kase.name] if special&.key?(kase.name)

    BY_DESIGN.dig(*place)
  end

  # The cases that are listed here, [subject, name], table by table.
  def self.all
    [BY_DESIGN, *ON.values].map do |table|
      table.flat_map { |subject, cases| cases.keys.map { |name| [subject, name] } }
    end
  end
end
