# frozen_string_literal: true

# A writable mount whose upper directory goes away, as cleaners of /tmp do it.
require_relative "test_helper"
require_relative "support/mount_process"

class PromisesUpperDirectoryTest < Minitest::Test
  include MountProcess::Assertions

  PROGRAM = <<~'RUBY'
    require "tmpdir"
    require "fileutils"
    upper = Dir.mktmpdir
    files = { "a" => "A", "c" => "C", "d/b" => "B", "lib/part.rb" => "PART = __FILE__\n", "x" => "X" }
    vfs = ARGV[0] == "zip" ? InVFS.zip(ARGV[1]) : InVFS.stringmap(files)
    InVFS.mount("/m", vfs, writable: upper)
    File.write("/m/c", "changed")
    File.write("/m/new", "new")
    File.delete("/m/x")
    Dir.mkdir("/m/own")
    same(false) { File.exist?("/m/x") }
  RUBY

  FILES = { "a" => "A", "c" => "C", "d/b" => "B", "lib/part.rb" => "PART = __FILE__\n", "x" => "X" }.freeze

  def assert_all_kinds(program)
    Dir.mktmpdir do |directory|
      archive = ZipBuilder.write("#{directory}/a.zip", FILES)
      %w[zip hash].each { |kind| assert_right("#{PROGRAM}#{program}", kind, archive) }
    end
  end

  # What the VFS has is there, and as it was; nothing can be changed, as in a directory that was removed.
  def test_the_upper_directory_is_removed
    assert_all_kinds(<<~'RUBY')
      changed, lower = File.open("/m/c"), File.open("/m/a")
      FileUtils.rm_rf(upper)
      2.times do
        same(%w[A C B X]) { %w[a c d/b x].map { |name| File.read("/m/#{name}") } }
        same(%w[a c d lib x]) { Dir.children("/m").sort }
        same(%w[b]) { Dir.children("/m/d") }
        same([true, false, 1]) { [File.directory?("/m"), File.exist?("/m/new"), File.size("/m/a")] }
        same(%w[/m/d/b]) { Dir.glob("/m/d/**/*").grep(/b/) }
        same(Errno::ENOENT) { File.read("/m/new") }
        same(Errno::ENOTDIR) { File.read("/m/a/x") }
        same(Errno::EISDIR) { File.read("/m/d") }
        same(Errno::EINVAL) { File.readlink("/m/a") }
      end
      same(%w[changed A]) { [changed.read, lower.read] }
      [-> { File.write("/m/a", "") }, -> { File.write("/m/y", "") }, -> { Dir.mkdir("/m/k") }, -> { File.delete("/m/a") }, -> { Dir.rmdir("/m/d") },
       -> { File.rename("/m/a", "/m/q") }, -> { File.chmod(0o600, "/m/a") }, -> { File.truncate("/m/a", 0) }, -> { File.symlink("a", "/m/l") }, -> { File.link("/m/a", "/m/l") },
       -> { File.utime(1, 1, "/m/a") }, -> { File.open("/m/a", "a").close }].each { |change| same(Errno::ENOENT, &change) }
      same("/m/lib/part.rb") { require "/m/lib/part"; PART }
      same("/m/d") { Dir.chdir("/m/d") { Dir.pwd } }
      # With a new directory it goes on.
      Dir.mkdir(upper)
      File.write("/m/again", "again")
      same(["again", "again"]) { [File.read("/m/again"), File.read("#{upper}/again")] }
      same(%w[a again c d lib x]) { Dir.children("/m").sort }
      InVFS.unmount("/m")
      FileUtils.rm_rf(upper)
    RUBY
  end

  # Some cleaners remove files alone, and directories when they are empty.
  def test_parts_of_it_are_removed
    assert_all_kinds(<<~'RUBY')
      Dir.glob("#{upper}/**/*", File::FNM_DOTMATCH).select { |path| File.file?(path) }.each { |path| File.delete(path) }
      same(%w[A C B]) { %w[a c d/b].map { |name| File.read("/m/#{name}") } }
      File.write("/m/a", "new a")
      same("new a") { File.read("/m/a") }
      FileUtils.rm_rf("#{upper}/.invfs-upper")
      same(%w[C B]) { %w[c d/b].map { |name| File.read("/m/#{name}") } }
      same("new a") { File.read("/m/a") }
      File.delete("/m/a")
      same(Errno::ENOENT) { File.read("/m/a") }
      File.write("/m/b", "b")
      same("b") { File.read("/m/b") }
      InVFS.unmount("/m")
      FileUtils.rm_rf(upper)
    RUBY
  end
end
