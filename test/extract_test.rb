# frozen_string_literal: true

# InVFS.extract: what a child program gets, and changes of the cache behind its back.
require_relative "test_helper"
require_relative "support/extract_helper"

class ExtractTest < Minitest::Test
  include ExtractHelper

  HELLO = "#!/bin/sh\necho \"hello $1 from $0\"\n"

  def test_a_script_runs
    root = archive { |zip| zip.add("bin/hello", HELLO, mode: 0o100_755) }
    path = InVFS.extract("#{root}/bin/hello")
    assert_equal "hello you from #{path}\n", `#{path} you`
    assert_equal true, system(path, "you", out: File::NULL)
    Process.wait(spawn(path, "you", out: File::NULL))
    assert_predicate Process.last_status, :success?
  end

  def test_the_path
    root = archive { |zip| zip.add("lib/a file.rb", "1") }
    path = InVFS.extract("#{root}/lib/a file.rb")
    assert_equal "#{@cache}/#{Digest::SHA256.hexdigest("1")}/a file.rb", path
    assert_equal path, InVFS.extract("#{root}/lib/x/../a file.rb")
    assert_equal path, InVFS.extract(Pathname("#{root}/lib/a file.rb"))
    assert_equal path, Dir.chdir(root.delete_suffix("/app.zip")) { InVFS.extract("app.zip/lib/a file.rb") }
  end

  def test_modes
    root = archive do |zip|
      zip.add("program", HELLO, mode: 0o100_755)
      zip.add("other/program", HELLO, mode: 0o100_644)
    end
    program, other = InVFS.extract("#{root}/program"), InVFS.extract("#{root}/other/program")
    assert_equal [0o500, 0o400], [program, other].map { |path| mode(path) }
    assert_equal [HELLO, HELLO], [program, other].map { |path| File.read(path) }
    [@cache, File.dirname(program), "#{@cache}/tmp", "#{@cache}/leases"].each { |path| assert_equal 0o700, mode(path), path }
  end

  def test_every_kind_of_vfs
    Trees::KINDS.each do |kind|
      tree = Trees.lay_out(kind, "#{@dir}/#{kind}.zip", { "lib/x/data" => "of #{kind}", "lib/y" => "" })
      in_load_path(Trees.entry(tree)) do
        path = InVFS.extract("#{tree.root}/lib/x/data")
        assert_equal "of #{kind}", File.read(path), kind
        assert path.start_with?(@cache), kind
      end
    end
  end

  def test_what_is_mounted
    skip "no mounts here" unless InVFS.respond_to?(:mount)
    at = "#{@dir}/mounted"
    begin
      InVFS.mount(at, InVFS.stringmap({ "bin/x" => "data", "y" => "" }))
    rescue InVFS::MountUnsupported => e
      skip e.message
    end
    assert_equal "data", File.read(InVFS.extract("#{at}/bin/x"))
    assert InVFS.extract("#{at}/bin/x").start_with?(@cache)
    assert_equal %w[bin y], `ls #{InVFS.extract(at)}`.split
    assert_equal "/", InVFS.extract("/")
    File.symlink("#{at}/bin/x", "#{@dir}/link")
    # The link is on disk, what it leads to is not.
    assert_equal "data", File.read(InVFS.extract("#{@dir}/link")) if File.exist?("#{@dir}/link")
    assert_raises(Errno::ENOENT) { InVFS.extract("#{at}/none") }
  ensure
    InVFS.unmount(at) if at
  end

  def test_what_is_on_disk_stays_there
    File.write("#{@dir}/real", "")
    assert_equal "#{@dir}/real", InVFS.extract("#{@dir}/real")
    assert_equal "./real", Dir.chdir(@dir) { InVFS.extract("./real") }
    assert_equal @dir, InVFS.extract(@dir)
    refute_path_exists @cache
  end

  # A VFS that is laid over a directory hides what it has itself, and nothing else.
  def test_a_vfs_over_a_real_directory
    FileUtils.mkdir_p("#{@dir}/over")
    File.write("#{@dir}/over/real", "real")
    in_load_path(InVFS.stringmap({ "virtual" => "v" }, to_path: "#{@dir}/over")) do
      assert_equal "#{@dir}/over/real", InVFS.extract("#{@dir}/over/real")
      assert_equal "v", File.read(InVFS.extract("#{@dir}/over/virtual"))
    end
  end

  def test_what_is_not_there
    root = archive { |zip| zip.add("a", "1") && zip.add("nowhere", "none", symlink: true) }
    ["#{root}/none", "#{root}/nowhere", "#{@dir}/none", "#{root}/a/b"].each do |path|
      assert_raises(Errno::ENOENT, Errno::ENOTDIR, path) { InVFS.extract(path) }
    end
    assert_raises(TypeError) { InVFS.extract(nil) }
    assert_raises(ArgumentError) { InVFS.extract("a\0b") }
  end

  def test_what_is_damaged_is_not_handed_out
    root = archive { |zip| zip.add("bad", "contents", lie: { crc: 1 }) && zip.add("dir/bad", "x", lie: { crc: 1 }) }
    ["bad", "dir"].each { |name| assert_raises(InVFS::CorruptEntryError) { InVFS.extract("#{root}/#{name}") } }
    assert_empty entries
  end

  def test_a_file_that_changes_is_extracted_anew
    map = { "a" => "1" }
    in_load_path(InVFS.stringmap(map, to_path: "/extract/map")) do
      first = InVFS.extract("/extract/map/a")
      map["a"] = "2"
      assert_equal ["1", "2"], [first, InVFS.extract("/extract/map/a")].map { |path| File.read(path) }
    end
  end

  def test_an_archive_that_is_replaced
    root = archive { |zip| zip.add("a", "old") }
    assert_equal "old", File.read(InVFS.extract("#{root}/a"))
    ZipBuilder.write("#{root}.new", { "a" => "new", "b" => "" })
    File.rename("#{root}.new", root)
    assert_equal "new", File.read(InVFS.extract("#{root}/a"))
  end

  def test_links
    root = archive do |zip|
      zip.add("real", "r", mode: 0o100_755)
      zip.add("link", "real", symlink: true)
      zip.add("out", "../../etc/passwd", symlink: true)
    end
    assert_equal ["r", 0o500, "link"], InVFS.extract("#{root}/link").then { |path| [File.read(path), mode(path), File.basename(path)] }
    assert_raises(Errno::ENOENT, Errno::ENOTDIR) { InVFS.extract("#{root}/out") }
  end

  def test_a_directory
    root = archive do |zip|
      zip.add("app/bin/run", "#!/bin/sh\ncat \"$(dirname \"$0\")/../share/text\"\n", mode: 0o100_755)
      zip.add("app/share/text", "found\n")
      zip.directory("app/empty/")
      zip.add("app/current", "share", symlink: true)
      zip.add("app/shared", "../other", symlink: true)
      zip.add("other/deep/file", "o")
    end
    path = InVFS.extract("#{root}/app")
    assert_equal "found\n", `#{path}/bin/run`
    assert_equal %w[bin current empty share shared], Dir.children(path).sort
    assert_equal ["share", "found\n"], [File.readlink("#{path}/current"), File.read("#{path}/current/text")]
    refute File.symlink?("#{path}/shared")
    assert_equal "o", File.read("#{path}/shared/deep/file")
    assert_equal path, InVFS.extract("#{root}/app")
    assert_equal "app.zip", File.basename(InVFS.extract(root))
  end

  def test_links_do_not_lead_out_of_an_extracted_directory
    root = archive do |zip|
      zip.add("app/here", ".", symlink: true)
      zip.add("app/a/file", "x")
      zip.add("app/far", "here/here/../../a", symlink: true)
    end
    path = InVFS.extract("#{root}/app")
    Dir.glob("#{path}/**/*", File::FNM_DOTMATCH).select { |name| File.symlink?(name) }.each do |name|
      assert File.realpath(name).start_with?(path), name
    end
    assert File.symlink?("#{path}/here")
  end

  def test_circles_of_directories
    root = archive { |zip| zip.add("a/b/up", "../../c", symlink: true) && zip.add("c/back", "../a/b", symlink: true) }
    assert_raises(Errno::ELOOP) { InVFS.extract("#{root}/a/b") }
  end

  # A file system written in Ruby that lies about everything.
  class Liar
    def initialize(names) = @names = names
    def to_path = "/extract/liar#{@names.hash}"
    def file?(name) = @names.include?(name)
    def directory?(name) = !file?(name)
    def size(_name) = 1
    def read(_name) = nil
    def entries = @names
  end

  def test_what_a_liar_says
    [["../../x"], ["/etc/x"], ["a\0b"], ["a/../../b"], ["x"]].each do |names|
      liar = Liar.new(names)
      in_load_path(liar) do
        begin
          path = InVFS.extract(liar.to_path)
          assert path.start_with?(@cache), names
          assert_empty Dir.children(path), names
        rescue SystemCallError, ArgumentError, InVFS::Error
          # Refused: just as good.
        end
        refute_path_exists "#{@dir}/x"
        refute_path_exists "#{@cache}/x"
      end
    end
  end

  def test_the_limit_is_a_number
    assert_raises(TypeError) { InVFS.extract_cache_limit = "1" }
    assert_raises(ArgumentError) { InVFS.extract_cache_limit = -1 }
    assert_equal 256 << 20, InVFS.extract_cache_limit
  end

  def test_binary_names
    name = "gr\xF6\xDFe".b
    root = archive { |zip| zip.add(name, "1") && zip.add("dir/#{name}".b, "2") }
    assert_equal "1", File.read(InVFS.extract("#{root}/".b + name))
    assert_equal [name], Dir.children(InVFS.extract("#{root}/dir")).map(&:b)
  end
end
