# frozen_string_literal: true

# The example examples/objects: an object store as a directory.
require_relative "support"
require_relative "../../examples/objects/object_store"
require_relative "../../examples/objects/small_server"
require "fileutils"
require "zlib"

class RubyFileSystemObjectsTest < RubyFileSystems::Test
  BIG = Random.new(5).bytes(3_000_000).freeze

  def setup
    super
    @server = SmallServer.new(page: 7)
    @at = mount(ObjectStore.new(@server.endpoint, "bucket"))
  end

  def teardown
    super
    @server&.stop
  end

  def test_the_example
    outcome = RubyProcess.run("-w", "-I#{RubyProcess::LIB}", "#{RubyProcess::PROJECT}/examples/objects/run.rb")
    assert_equal ["/bucket/backup.bin\n/bucket/reports\n/bucket/reports/may.csv\n1,200\n2,300\nabcd\n[\"GET\", \"backup.bin\", \"bytes=8000010-8004105\"]\n", "", 0],
                 [outcome.stdout, outcome.stderr, outcome.status], outcome
  end

  def test_a_little_of_a_large_object
    @server.objects["big"] = BIG
    assert_equal BIG[1_000_000, 10], File.open("#{@at}/big", "rb") { |file| file.pread(10, 1_000_000) }
    assert_equal [["HEAD", "big"], ["GET", "big", "bytes=1000000-1004095"]], @server.take
    assert_equal BIG, File.binread("#{@at}/big")
    assert_equal [["GET", "big", "bytes=0-2999999"]], @server.take.reject { |method, *| method == "HEAD" }
    assert_equal BIG.bytesize, File.size("#{@at}/big")
  end

  def test_writing_and_names
    File.binwrite("#{@at}/a b/ä?&#+.txt", BIG)
    assert_equal [["a b/ä?&#+.txt"], BIG], [@server.objects.keys.map { |name| name.dup.force_encoding("UTF-8") }, File.binread("#{@at}/a b/ä?&#+.txt")]
    assert_equal ["#{@at}/a b", "#{@at}/a b/ä?&#+.txt"], Dir.glob("#{@at}/**/*").sort
    File.rename("#{@at}/a b", "#{@at}/c")
    assert_equal BIG, File.binread("#{@at}/c/ä?&#+.txt")
    Dir.mkdir("#{@at}/empty")
    assert_equal [%w[c empty], []], [Dir.children(@at).sort, Dir.children("#{@at}/empty")]
    Dir.rmdir("#{@at}/empty")
    FileUtils.rm_rf("#{@at}/c")
    assert_equal [[], {}], [Dir.children(@at), @server.objects]
    assert_raises(Errno::ENOENT) { File.read("#{@at}/none") }
  end

  def test_many_names
    20.times { |number| @server.objects["d/#{number}"] = "" }
    assert_equal 20, Dir.children("#{@at}/d").size
    # One to see that it is a directory, and three pages.
    assert_equal 4, @server.take.count { |method, *| method == "GET" }
  end

  def test_programs
    Zlib::GzipWriter.open("#{@at}/big.gz") { |gz| gz.write(BIG) }
    assert_equal BIG, Zlib::GzipReader.open("#{@at}/big.gz", &:read).b
    FileUtils.cp("#{@at}/big.gz", "#{@at}/copy.gz")
    assert FileUtils.identical?("#{@at}/big.gz", "#{@at}/copy.gz")
  end

  def test_failures
    @server.objects.merge!("no" => BIG, "bad" => BIG)
    @server.failing.merge!("no" => 403, "bad" => 500)
    assert_raises(Errno::EACCES) { File.read("#{@at}/no") }
    assert_raises(Errno::EIO) { File.read("#{@at}/bad") }
    File.open("#{@at}/full", "w") do |file|
      file.write("x")
      @server.failing["full"] = 507
      assert_raises(Errno::ENOSPC) { file.fsync }
      @server.failing.delete("full")
    end
    assert_equal "x", @server.objects["full"]
    @server.objects["big"] = BIG
    file = File.open("#{@at}/big", "rb")
    @server.objects.delete("big")
    assert_raises(Errno::ESTALE) { file.read(1) }
    file.close
    @server.stop
    assert_raises(Errno::ECONNREFUSED) { File.read("#{@at}/any") }
    @server = nil
  end
end
