# frozen_string_literal: true

# Misleading paths, and mounts at odd places. The control is the same tree on disk.
require_relative "test_helper"
require_relative "support/mount_process"

class MountsPathsTest < Minitest::Test
  include MountProcess::Assertions

  WALKS = File.expand_path("support/mount_walks.rb", __dir__)

  # Random walks through two trees that look the same: real links into the mount and archived ones, `..` out of it and
  # back, slashes and dots.
  def test_random_paths_lead_where_they_lead_on_disk
    seeds = MountProcess::FULL ? (1..10) : [Minitest.seed % 10_000]
    seeds.each { |seed| assert_right("load #{WALKS.dump}", seed.to_s, MountProcess::FULL ? "20000" : "3000") }
  end

  def test_paths_that_no_file_has
    assert_right(<<~'RUBY')
      mount
      %i[read stat readlink realpath].each do |method|
        same(ArgumentError) { File.public_send(method, "#{ROOT}/a\0b") rescue $!.class }
        same(Errno::ENAMETOOLONG) { File.public_send(method, "#{ROOT}/#{"d/" * 2500}") }
        same(Errno::ENAMETOOLONG) { File.public_send(method, "#{ROOT}/#{"a" * 300}") }
        same(Errno::ENOENT) { File.public_send(method, "#{ROOT}/none/x") }
        same(Errno::ENOENT) { File.public_send(method, "") }
        same(Errno::ENOENT) { Dir.chdir(ROOT) { File.public_send(method, "") } }
        same(Errno::ENOENT) { File.public_send(method, "#{ROOT}/none/../hello.txt") }
        next if method == :realpath # which overlooks it, on disk too

        same(Errno::ENOTDIR) { File.public_send(method, "#{ROOT}/hello.txt/") }
        same(Errno::ENOTDIR) { File.public_send(method, "#{ROOT}/hello.txt/../hello.txt") }
      end
      same("hello\n") { File.read("#{ROOT}/#{"./" * 1000}hello.txt") }
      same(File.size("/etc/passwd")) { File.size("#{ROOT}#{"/.." * 50}/etc/passwd") }
      same(Errno::ENOENT) { Dir.children("") }
    RUBY
  end

  def test_archived_links
    assert_right(<<~'RUBY')
      mount
      same(["hello.txt", "hello\n"]) { [File.readlink("#{ROOT}/in"), File.read("#{ROOT}/in")] }
      same(["#{ROOT}/d", 3]) { [File.realpath("#{ROOT}/din"), Dir.children("#{ROOT}/din").size] }
      %w[up absolute].each { |name| same(Errno::ENOENT) { File.read("#{ROOT}/#{name}") } }
      %i[read stat realpath].each { |method| same(Errno::ELOOP) { File.public_send(method, "#{ROOT}/loop") } }
      same(Errno::ELOOP) { Dir.children("#{ROOT}/loop") }
      same(true) { File.symlink?("#{ROOT}/loop") }
    RUBY
  end

  def test_real_links_into_a_mount
    assert_right(<<~'RUBY')
      # Asked before there is anything: that must not be remembered.
      File.symlink(ROOT, "#{DIRECTORY}/absolute")
      same(false) { File.exist?("#{DIRECTORY}/absolute/hello.txt") }
      mount
      same(true) { File.exist?("#{DIRECTORY}/absolute/hello.txt") }
      { "relative" => "m", "chain" => "absolute", "deep" => "#{ROOT}/d", "file" => "m/hello.txt", "nothing" => "m/none" }
        .each { |name, target| File.symlink(target, "#{DIRECTORY}/#{name}") }
      [DIRECTORY, "."].each do |base|
        Dir.chdir(DIRECTORY) do
          %w[absolute relative chain].each do |name|
            same("hello\n") { File.read("#{base}/#{name}/hello.txt") }
            same(%w[one.txt sub two.txt]) { Dir.children("#{base}/#{name}/d").sort }
            same("real\n") { File.read("#{base}/#{name}/../real.txt") }
            same("#{ROOT}/d") { File.realpath("#{base}/#{name}/d/../d") }
          end
          same(["1", "hello\n"]) { [File.read("#{base}/deep/one.txt"), File.read("#{base}/file")] }
          same(Errno::ENOENT) { File.read("#{base}/nothing") }
          same(Errno::EROFS) { File.write("#{base}/nothing", "") }
          same([true, false]) { [File.symlink?("#{base}/nothing"), File.exist?("#{base}/nothing")] }
        end
      end
      same(["absolute/hello.txt"]) { Dir.glob("absolute/*.txt", base: DIRECTORY) }
      # The same relative path from another directory is another path.
      Dir.mkdir("#{DIRECTORY}/other")
      same([true, false]) { [DIRECTORY, "#{DIRECTORY}/other"].map { |directory| Dir.chdir(directory) { File.exist?("absolute/in") } } }
      same([true, true]) { [File.unlink("#{DIRECTORY}/file") == 1, File.exist?("#{ROOT}/hello.txt")] }
    RUBY
  end

  def test_from_one_mount_to_another
    assert_right(<<~'RUBY')
      mount
      mount("#{ROOT}/inner/deep")
      places = ["#{ROOT}/new", "#{ROOT}/inner/deep/new", "#{DIRECTORY}/new"]
      files = ["#{ROOT}/hello.txt", "#{ROOT}/inner/deep/hello.txt", "#{DIRECTORY}/real.txt"]
      %i[rename link].product([0, 1, 2], [0, 1, 2]) do |method, from, to|
        next if from == 2 && to == 2

        same(from == to ? Errno::EROFS : Errno::EXDEV, [method, from, to]) { File.public_send(method, files[from], places[to]) }
      end
      same([false] * 3) { places.map { |place| File.exist?(place) } }
      same(0) { File.rename(files[2], places[2]) }
      same("real\n") { File.read(places[2]) }
    RUBY
  end

  def test_a_mount_in_a_mount
    assert_right(<<~'RUBY')
      mount
      mount("#{ROOT}/inner/deep")
      mount("#{ROOT}/d/sub")
      same([true, ["deep"]]) { [Dir.children(ROOT).include?("inner"), Dir.children("#{ROOT}/inner")] }
      same(["hello\n", "hello\n", Errno::ENOENT]) do
        ["inner/deep/hello.txt", "d/sub/hello.txt", "d/sub/three.txt"].map { |name| File.read("#{ROOT}/#{name}") rescue $!.class }
      end
      same(["hello\n", "1"]) { [File.read("#{ROOT}/inner/deep/../../hello.txt"), File.read("#{ROOT}/d/sub/../one.txt")] }
      same(%w[d/one.txt d/sub/d/one.txt inner/deep/d/one.txt]) { Dir.glob("**/one.txt", base: ROOT).sort }
      same(ROOT) { Dir.chdir("#{ROOT}/inner/deep") { Dir.chdir("../..") { Dir.pwd } } }
      InVFS.unmount("#{ROOT}/inner/deep")
      InVFS.unmount("#{ROOT}/d/sub")
      same([Errno::ENOENT, ["three.txt"]]) { [(Dir.children("#{ROOT}/inner") rescue $!.class), Dir.children("#{ROOT}/d/sub")] }
    RUBY
  end

  def test_mounts_over_what_is_there
    assert_right(<<~'RUBY')
      Dir.mkdir(ROOT)
      File.write("#{ROOT}/hidden", "hidden")
      file = File.open("#{ROOT}/hidden")
      mount
      mount("#{DIRECTORY}/real.txt")
      same(["hello\n", Errno::ENOENT, "hidden"]) { [File.read("#{ROOT}/hello.txt"), (File.read("#{ROOT}/hidden") rescue $!.class), file.read] }
      same([true, "hello\n"]) { [File.directory?("#{DIRECTORY}/real.txt"), File.read("#{DIRECTORY}/real.txt/hello.txt")] }
      InVFS.unmount(ROOT)
      InVFS.unmount("#{DIRECTORY}/real.txt")
      same([["hidden"], "real\n"]) { [Dir.children(ROOT), File.read("#{DIRECTORY}/real.txt")] }
    RUBY
  end

  def test_up_from_directories_that_only_lead_to_a_mount
    assert_right(<<~'RUBY')
      root = "#{ROOT}/way/to/it"
      mount(root)
      ["other", "other/inner"].each { |name| Dir.mkdir("#{DIRECTORY}/#{name}") }
      File.symlink("other/inner", "#{DIRECTORY}/aside")
      name = File.basename(ROOT)
      %w[way/../way/to/it way/to/../to/it way/to/it/../it way/to/../../way/to/it way/to/it/../../../way/./to/../to/it].each do |path|
        same("hello\n") { File.read("#{ROOT}/#{path}/hello.txt") }
        same(root) { File.realpath("#{ROOT}/#{path}") }
        same(root) { Dir.chdir("#{ROOT}/#{path}") { Dir.pwd } }
        same("hello\n") { File.read("#{DIRECTORY}/other/../#{name}/#{path}/hello.txt") }
        same(Errno::ENOENT) { File.read("#{DIRECTORY}/aside/../#{name}/#{path}/hello.txt") }
        same(Errno::ENOENT) { File.read("#{ROOT}/none/../#{path}/hello.txt") }
        same("real\n") { File.read("#{ROOT}/#{path}/../../../../real.txt") }
      end
      same("real\n") { File.read("#{ROOT}/way/to/../../../other/../real.txt") }
      same(["way"]) { Dir.children("#{ROOT}/way/to/../../") }
    RUBY
  end

  def test_a_mount_at_the_root
    assert_right(<<~'RUBY')
      mount("/")
      same(["hello\n", Errno::ENOENT]) { [File.read("/hello.txt"), (File.read("/etc/passwd") rescue $!.class)] }
      same(%w[/d/one.txt /d/sub /d/two.txt]) { Dir.glob("/d/*").sort }
      same(["hello\n", "/", "/"]) { [File.read("/../../hello.txt"), File.realpath("/"), File.realpath("/d/..")] }
      same(["/d", "1", "hello\n"]) { Dir.chdir("/d") { [Dir.pwd, File.read("one.txt"), File.read("../hello.txt")] } }
      InVFS.unmount("/")
      same([true, false]) { [File.exist?("/etc/passwd"), File.exist?("/hello.txt")] }
    RUBY
  end

  # As where the system unmounts what is in use (`umount --lazy`): the process stays in the directory that it entered, which
  # has no path any more, and is never in another one.
  def test_the_working_directory_is_unmounted
    assert_right(<<~'RUBY')
      Dir.mkdir(ROOT)
      Dir.mkdir("#{ROOT}/d")
      File.write("#{ROOT}/d/one.txt", "another")
      mount
      Dir.chdir("#{ROOT}/d")
      file, directory = File.open("one.txt"), Dir.open(".")
      InVFS.unmount(ROOT)
      same(Errno::ENOENT) { Dir.pwd }
      same("1") { File.read("one.txt") }
      same(Errno::EROFS) { File.write("new", "") }
      same(true) { File.stat("..").directory? }
      same(Errno::ENOENT) { File.stat("../..") }
      same(["1", %w[one.txt sub two.txt]]) { [file.read, directory.children.sort] }
      mount
      same(["#{ROOT}/d", "1"]) { [Dir.pwd, File.read("one.txt")] }
      Dir.chdir("/")
      same("/") { Dir.pwd }
    RUBY
  end
end
