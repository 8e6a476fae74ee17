# frozen_string_literal: true

# Promises of a file system that a mount keeps: identity, names, descriptors of the program. The same steps run on a
# real directory and in a writable mount, and must have the same result.
require_relative "test_helper"
require_relative "support/promises"

class PromisesTest < Minitest::Test
  include Promises

  def test_an_open_file_and_its_path_are_one_file
    assert_right <<~'RUBY'
      same do |root|
        File.write("#{root}/new", "n")
        File.write("#{root}/lower", "changed", mode: "a")
        %w[new lower d/f d].map do |name|
          File.open("#{root}/#{name}") do |file|
            fields = %i[dev ino mode nlink uid gid size blocks blksize atime mtime ctime]
            [File.identical?("#{root}/#{name}", file), fields.reject { |field| File.stat("#{root}/#{name}").send(field) == file.stat.send(field) }]
          end
        end
      end
    RUBY
  end

  def test_a_log_rotates
    assert_right <<~'RUBY'
      require "logger"
      same do |root|
        log = Logger.new("#{root}/app.log", 3, 2_000)
        200.times { |number| log.info("message number #{number}") }
        Dir.children(root).grep(/log/).sort
      end
    RUBY
  end

  def test_owners_and_times_that_were_set
    assert_right <<~'RUBY'
      same do |root|
        File.write("#{root}/n", "")
        File.link("#{root}/n", "#{root}/second")
        File.utime(Time.at(5), Time.at(7), "#{root}/n")
        File.utime(Time.at(8), Time.at(9), "#{root}/d")
        File.chown(1, 2, "#{root}/n", "#{root}/d") if Process.uid.zero?
        %w[n d].map { |name| File.stat("#{root}/#{name}").then { |stat| [stat.atime.to_i, stat.mtime.to_i, stat.uid, stat.gid] } } <<
          File.stat("#{root}/n").nlink
      end
    RUBY
  end

  def test_the_root_can_be_changed
    assert_right <<~'RUBY'
      same do |root|
        changes = [-> { File.chmod(0o750, root) }, -> { File.utime(1, 2, root) }, -> { FileUtils.touch(root) && 1 }, -> { File.chown(-1, -1, root) }]
        changes.map { |change| attempt(&change) } << format("%o", File.stat(root).mode)
      end
      InVFS.mount("/only", LOWER)
      [-> { File.chmod(0o750, "/only") }, -> { File.utime(1, 2, "/only") }].each do |change|
        attempt(&change) == Errno::EROFS or abort("a root that cannot be changed was")
      end
    RUBY
  end

  def test_a_slash_or_a_dot_at_the_end_counts
    assert_right <<~'RUBY'
      same do |root|
        File.symlink("d", "#{root}/link")
        ways = {
          "rename link/" => -> { File.rename("#{root}/link/", "#{root}/moved") },
          "rename to link/" => -> { File.rename("#{root}/d", "#{root}/link/") },
          "rename d/." => -> { File.rename("#{root}/d/.", "#{root}/moved") },
          "rename to x/." => -> { File.rename("#{root}/d", "#{root}/x/.") },
          "rename file/" => -> { File.rename("#{root}/lower/", "#{root}/moved") },
          "link to new/" => -> { File.link("#{root}/lower", "#{root}/new/") },
          "link to lower/" => -> { File.link("#{root}/lower", "#{root}/lower/") },
          "symlink to new/" => -> { File.symlink("x", "#{root}/new/") },
          "symlink to d/" => -> { File.symlink("x", "#{root}/d/") },
          "unlink link/" => -> { File.unlink("#{root}/link/") },
          "unlink d/" => -> { File.unlink("#{root}/d/") },
          "unlink none/" => -> { File.unlink("#{root}/none/") },
          "rmdir link/" => -> { Dir.rmdir("#{root}/link/") },
          "rmdir d/." => -> { Dir.rmdir("#{root}/d/.") },
          "mkdir made/" => -> { Dir.mkdir("#{root}/made/") }
        }
        ways.map { |name, way| [name, attempt(&way)] } << Dir.children(root).sort
      end
    RUBY
  end

  def test_a_descriptor_of_the_program_that_took_a_number_survives_the_mount
    assert_right <<~'RUBY'
      File.read("/promises/lower")
      target = ->(number) { File.readlink("/proc/self/fd/#{number}") rescue "" }
      numbers = Dir.children("/proc/self/fd").map(&:to_i).select { |number| target[number].start_with?("#{DIR}/upper") }
      File.write("mine", "mine")
      taken = numbers.map { |number| IO.for_fd(number, autoclose: false).tap { |io| io.reopen(File.open("mine")) } }
      taken.any? or abort("there is no number to take")
      File.write("/promises/after", "after")
      File.read("/promises/after") == "after" or abort("the mount lost its directory")
      InVFS.unmount("/promises")
      InVFS.mount("/other", LOWER)
      InVFS.unmount("/other")
      GC.start
      taken.map(&:read) == ["mine"] * taken.size or abort("a descriptor of the program is gone")
    RUBY
  end

  def test_the_upper_layer_is_a_real_directory
    assert_right <<~'RUBY'
      refused = lambda do |directory|
        InVFS.mount("/second", LOWER, writable: directory)
        :mounted
      rescue ArgumentError, SystemCallError => e
        [e.class, e.message]
      end
      Dir.mkdir("/promises/changes")
      refused["/promises/changes"] == [ArgumentError, "writable: /promises/changes lies in the mount at /promises; it must be a real directory"] or
        abort("not refused: #{refused["/promises/changes"]}")
      refused["#{DIR}/no/parent"].first == Errno::ENOENT or abort("made parents")
      File.exist?("#{DIR}/no") and abort("made something")
      refused["#{DIR}/second"] == :mounted or abort("not made")
    RUBY
  end

  # Below a file there is nothing, whichever layer has it.
  def test_in_a_union_a_file_hides_a_directory
    assert_right <<~'RUBY'
      FileUtils.mkdir_p(%w[above below/conf])
      File.write("above/conf", "a file now")
      File.write("below/conf/inner", "old")
      [%w[above below], %w[below above]].each do |layers|
        union = InVFS.union(*layers)
        InVFS.mount("/union", union)
        seen = [union.file?("conf/inner"), union.entries, attempt { File.read("/union/conf/inner") }, File.file?("/union/conf"),
                attempt { Dir.children("/union/conf") }, (union.read("conf/inner") rescue $!.class)]
        seen == [false, ["conf"], Errno::ENOTDIR, true, Errno::ENOTDIR, Errno::ENOENT] or abort("#{layers}: #{seen.inspect}")
        InVFS.unmount("/union")
      end
    RUBY
  end
end
