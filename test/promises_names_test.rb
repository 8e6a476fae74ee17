# frozen_string_literal: true

# Promises of a file system that a mount keeps: where symbolic links lead, and what an open directory is while names
# change. The same steps run on a real directory and in a writable mount, and must have the same result.
require_relative "test_helper"
require_relative "support/promises"

class PromisesNamesTest < Minitest::Test
  include Promises

  def test_an_absolute_link_of_the_program_leads_where_it_says
    assert_right <<~'RUBY'
      File.write("#{DIR}/outside", "real")
      InVFS.mount("/other_promises", InVFS.stringmap({ "d/f" => "other" }))
      same do |root|
        links = { "same" => "#{root}/d", "file" => "#{root}/d/f", "real" => "#{DIR}/outside", "nowhere" => "#{DIR}/missing",
                  "circle" => "#{root}/circle", "far" => "#{root}/same/f", "other" => "/other_promises/d" }
        links.each { |name, target| File.symlink(target, "#{root}/#{name}") }
        %w[same same/f file real nowhere circle far other/f same/../lower other/../d/f].to_h do |name|
          path = "#{root}/#{name}"
          [name, [File.exist?(path), attempt { File.read(path) }, attempt { File.realpath(path).sub(root, "") }, attempt { File.readlink(path).sub(root, "") },
                  attempt { File.lstat(path).symlink? }, File.directory?(path), attempt { Dir.children(path).sort }]]
        end
      end
    RUBY
  end

  def test_changes_go_through_an_absolute_link
    assert_right <<~'RUBY'
      same do |root|
        real = root == "/promises" ? "#{DIR}/of_mount" : "#{DIR}/of_disk"
        Dir.mkdir(real)
        File.symlink("#{root}/d", "#{root}/inside")
        File.symlink(real, "#{root}/outside")
        File.symlink("#{real}/made", "#{root}/file")
        steps = [
          -> { File.write("#{root}/inside/new", "1") }, -> { File.write("#{root}/outside/new", "2") }, -> { File.write("#{root}/file", "3") },
          -> { Dir.mkdir("#{root}/inside/sub") }, -> { Dir.mkdir("#{root}/outside/sub") },
          -> { File.rename("#{root}/inside/new", "#{root}/d/newer") }, -> { File.rename("#{root}/outside/new", "#{root}/outside/newer") },
          -> { File.rename("#{root}/d/f", "#{root}/outside/f").then { 0 } }, -> { File.link("#{root}/inside/newer", "#{root}/d/linked") },
          -> { File.chmod(0o600, "#{root}/file") }, -> { File.delete("#{root}/outside/newer") }, -> { Dir.rmdir("#{root}/inside/sub") },
          -> { File.rename("#{root}/outside", "#{root}/renamed") }, -> { File.delete("#{root}/inside") }
        ]
        answers = steps.map { |step| attempt(&step) }
        # Between the mount and the real world a rename is refused, as between two disks.
        answers[7] = nil
        [answers, Dir.children("#{root}/d").sort - ["f"], Dir.children(real).sort - ["f"], File.symlink?("#{root}/renamed")]
      end
    RUBY
  end

  def test_a_link_that_climbs_out_of_the_mount
    assert_right <<~'RUBY'
      Dir.mkdir("#{DIR}/deep")
      File.write("#{DIR}/deep/beside", "b")
      InVFS.mount("#{DIR}/deep/mount", LOWER, writable: "#{DIR}/second")
      FileUtils.mkdir_p("#{DIR}/deep/real")
      %w[mount real].map do |name|
        File.symlink("../beside", "#{DIR}/deep/#{name}/up")
        [File.read("#{DIR}/deep/#{name}/up"), File.realpath("#{DIR}/deep/#{name}/up") == "#{DIR}/deep/beside"]
      end => [["b", true], ["b", true]]
    RUBY
  end

  def test_a_link_of_the_archive_leads_nowhere_outside
    assert_right <<~'RUBY'
      File.write("#{DIR}/secret", "s")
      Dir.mkdir("#{DIR}/lower")
      File.symlink("#{DIR}/secret", "#{DIR}/lower/absolute")
      File.symlink("../secret", "#{DIR}/lower/climbing")
      system("zip", "-qry", "lower.zip", ".", chdir: "#{DIR}/lower") or exit!(puts("right") || true)
      require "invfs/zip"
      InVFS.mount("/promises_links", InVFS.zip("#{DIR}/lower/lower.zip"), writable: "#{DIR}/third")
      File.symlink("climbing", "/promises_links/by_mine")
      answers = %w[absolute climbing by_mine].map { |name| attempt { File.read("/promises_links/#{name}") } }
      answers == [Errno::ENOENT] * 3 or abort answers.inspect
    RUBY
  end

  def test_an_open_directory_keeps_its_files_under_another_name
    assert_right <<~'RUBY'
      same do |root|
        FileUtils.mkdir_p("#{root}/a/b")
        File.write("#{root}/a/b/x", "old")
        opened, stream = File.open("#{root}/a/b"), Dir.new("#{root}/a")
        Dir.chdir("#{root}/a/b") do
          File.rename("#{root}/a", "#{root}/c")
          FileUtils.mkdir_p("#{root}/a/b")
          File.write("#{root}/a/b/x", "other")
          stream.rewind
          [Dir.pwd.sub(root, ""), File.read("x"), File.write("new", "1"), stream.children.sort, File.identical?(opened, "#{root}/c/b"),
           Dir.children("#{root}/a/b"), Dir.children("#{root}/c/b").sort, attempt { Dir.chdir("..") { Dir.pwd.sub(root, "") } }]
        end
      end
    RUBY
  end

  def test_a_removed_directory_is_none_although_its_name_comes_again
    assert_right <<~'RUBY'
      same do |root|
        Dir.mkdir("#{root}/gone")
        Dir.chdir("#{root}/gone") do
          Dir.rmdir("#{root}/gone")
          Dir.mkdir("#{root}/gone")
          File.write("#{root}/gone/x", "another")
          [attempt { Dir.pwd }, attempt { File.read("x") }, attempt { File.write("new", "") }, Dir.children("#{root}/gone")]
        end
      end
    RUBY
  end

  def test_an_open_directory_stays_in_its_mount
    assert_right <<~'RUBY'
      InVFS.mount("/promises_covered", InVFS.stringmap({ "d/f" => "first" }))
      Dir.chdir("/promises_covered/d") do
        InVFS.mount("/promises_covered", InVFS.stringmap({ "d/f" => "second" }))
        covered = [File.read("f"), File.read("../d/f"), File.read("/promises_covered/d/f")]
        InVFS.unmount("/promises_covered")
        InVFS.unmount("/promises_covered")
        InVFS.mount("/promises_covered", InVFS.stringmap({ "d/f" => "third" }))
        again = [File.read("f"), File.read("/promises_covered/d/f"), attempt { File.read("../../etc/passwd") }]
        expected = [%w[first first second], ["first", "third", Errno::ENOENT]]
        [covered, again] == expected or abort [covered, again].inspect
      end
    RUBY
  end
end
