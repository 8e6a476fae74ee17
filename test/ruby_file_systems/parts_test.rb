# frozen_string_literal: true

# Large files of a file system written in Ruby, of which only what is read is asked for.
require_relative "support"
require "digest"
require "fiddle"
require "stringio"
require "tempfile"
require "zlib"

class RubyFileSystemPartsTest < RubyFileSystems::Test
  SIZE = 5_000_000
  CONTENTS = Random.new(1).bytes(SIZE).freeze

  # Has a large file that is read in parts, and a small one.
  class Parts < InVFS::Base
    attr_reader :asked
    attr_accessor :files

    def initialize(files = { "/big" => CONTENTS, "/small" => "small" })
      super()
      @files = files
      @asked = []
    end

    def stat(path) = @files[path] && { type: :file, size: @files[path].bytesize, mtime: 7 }

    def list(path) = (@files.keys.map { |name| name.delete_prefix("/") } if path == "/")

    def read(path, offset = 0, length = nil)
      @asked << [path, offset, length]
      contents = @files[path]
      contents && (length ? contents.byteslice(offset, length) : contents)
    end

    def rename(from, to) = @files[to] = @files.delete(from)
    def remove(path) = @files.delete(path)
    def write(path, contents) = @files[path] = contents

    # What was asked since the last time.
    def take = @asked.dup.tap { @asked.clear }
  end

  def setup
    super
    @fs = Parts.new
    @root = mount(@fs)
  end

  def on_disk
    Tempfile.create("parts") do |file|
      file.binmode
      file.write(CONTENTS)
      file.close
      yield file.path
    end
  end

  def test_a_little_of_a_large_file
    assert_equal CONTENTS[0, 10], File.open("#{@root}/big", "rb") { |file| file.read(10) }
    assert_equal [["/big", 0, 8192]], @fs.take.map { |path, offset, length| [path, offset, [length, 8192].max] }
    assert_equal CONTENTS[4_000_000, 5], IO.binread("#{@root}/big", 5, 4_000_000)
    assert_equal [["/big", 4_000_000]], @fs.take.map { |path, offset, _| [path, offset] }
    assert_equal [SIZE, SIZE, Time.at(7)], File.open("#{@root}/big") { |file| [file.size, file.stat.size, file.mtime] }
    assert_equal SIZE, File.size("#{@root}/big")
    assert_empty @fs.take
  end

  def test_a_small_file_is_read_as_a_whole
    assert_equal "mal", File.open("#{@root}/small") { |file| file.pread(3, 1) }
    assert_equal [["/small", 0, nil]], @fs.take
  end

  # A hundred random ways of moving and reading give the same as on disk.
  def test_the_same_as_on_disk
    random = Random.new(2)
    steps = Array.new(300) do
      at = random.rand(SIZE + 10)
      [[:pos=, at], [:read, random.rand(1 << random.rand(22))], [:pread, random.rand(1..5000), random.rand(SIZE)], [:gets], [:getc], [:readpartial, random.rand(1..70_000)],
       [:seek, -random.rand(5000), IO::SEEK_END], [:read], [:eof?], [:seek, random.rand(100), IO::SEEK_CUR], [:readline], [:ungetbyte, 65], [:pos]].sample(random: random)
    end
    told = lambda do |path|
      File.open(path, "rb") { |file| steps.map { |step| digest { file.public_send(*step) } } }
    end
    on_disk { |path| assert_equal told[path], told["#{@root}/big"] }
  end

  def digest
    value = yield
    value.is_a?(String) ? [value.bytesize, value.hash] : value
  rescue EOFError, SystemCallError => e
    e.class
  end

  def test_libraries
    on_disk do |path|
      big = "#{@root}/big"
      assert_equal Digest::SHA256.file(path).hexdigest, Digest::SHA256.file(big).hexdigest
      assert_equal File.foreach(path, mode: "rb").map(&:hash), File.foreach(big, mode: "rb").map(&:hash)
      copied = StringIO.new("".b)
      assert_equal [SIZE, CONTENTS], [IO.copy_stream(big, copied), copied.string]
      [big, File.open(big)].each do |source|
        assert_equal SIZE, IO.copy_stream(source, "#{path}.copy")
        assert_equal CONTENTS, File.binread("#{path}.copy")
      end
      File.open(big) { |file| assert_equal [100, CONTENTS[50, 100]], [IO.copy_stream(file, "#{path}.copy", 100, 50), File.binread("#{path}.copy")] }
      FileUtils.cp(big, "#{path}.copy")
      assert FileUtils.identical?(big, "#{path}.copy")
    ensure
      FileUtils.rm_f("#{path}.copy")
    end
    @fs.files["/big.gz"] = Zlib.gzip(CONTENTS)
    assert_equal CONTENTS[0, 1000], Zlib::GzipReader.open("#{@root}/big.gz") { |gz| gz.read(1000) }
    assert_operator @fs.take.last.sum { |value| value.is_a?(Integer) ? value : 0 }, :<, 100_000
  end

  # Reading on asks for more and more.
  def test_reading_on
    File.open("#{@root}/big", "rb") { |file| nil while file.read(100) }
    assert_operator @fs.take.size, :<, 20
    assert_equal CONTENTS, File.binread("#{@root}/big")
    assert_equal [["/big", 0, SIZE]], @fs.take
  end

  def test_descriptors
    File.open("#{@root}/big", "rb") do |file|
      copy = file.dup
      assert_equal [CONTENTS[0, 3], CONTENTS[3, 3], 6], [file.sysread(3), copy.sysread(3), file.sysseek(0, IO::SEEK_CUR)]
      file.close
      assert_equal CONTENTS[6, 3], copy.sysread(3)
      assert_equal 0, copy.fcntl(3) & 3
      assert File.identical?(copy, "#{@root}/big")
      assert_equal [0, false], [copy.flock(File::LOCK_EX), File.open("#{@root}/big") { |other| other.flock(File::LOCK_EX | File::LOCK_NB) }]
      assert_raises(Errno::EINVAL) { IO.for_fd(copy.fileno, "w", autoclose: false) }
      assert_raises(IOError) { copy.write("x") }
      assert_raises(Errno::EINVAL) { copy.pread(1, -1) }
      copy.close
    end
    read, write = IO.pipe
    assert_raises(IO::EAGAINWaitReadable) { read.read_nonblock(1) }
    [read, write].each(&:close)
  end

  # A file, not a name.
  def test_changes_of_names
    File.open("#{@root}/big", "rb") do |file|
      File.rename("#{@root}/big", "#{@root}/moved")
      assert_equal CONTENTS[0, 5], file.read(5)
      assert_equal "/moved", @fs.take.last[0]
      File.delete("#{@root}/moved")
      assert_equal CONTENTS[5, 5], file.read(5)
      assert_raises(Errno::ESTALE) { file.pread(5, 100_000) }
    end
  end

  def test_after_unmounting
    File.open("#{@root}/big", "rb") do |file|
      InVFS.unmount(@root)
      assert_equal CONTENTS, file.read
    end
  end

  def test_a_forked_child_reads
    File.open("#{@root}/big", "rb") do |file|
      reader, writer = IO.pipe
      Process.wait(fork { writer.write(file.sysread(1000)) && exit!(true) })
      writer.close
      assert_equal [CONTENTS[0, 1000], CONTENTS[1000, 10]], [reader.read.b, file.sysread(10)]
    end
  end

  # An error, not wrong bytes.
  def test_what_cannot_read_it
    out = IO.popen(["cat"], in: File.open("#{@root}/big"), err: %i[child out], &:read)
    assert_equal [1, true], [$?.exitstatus, out.include?("Bad file descriptor")], out
    assert_equal ["small", true], [IO.popen(["cat"], in: File.open("#{@root}/small"), &:read), $?.success?]
  end

  # Functions of the C library, which read past our hooks, get the whole file.
  def test_streams_of_c
    needs_openssl
    certificate = "-----BEGIN NOTHING-----\n" + ("x" * 1_100_000)
    @fs.files["/ca.pem"] = certificate
    assert_raises(OpenSSL::X509::StoreError) { OpenSSL::X509::Store.new.add_file("#{@root}/ca.pem") }
    assert_equal [["/ca.pem", 0, nil]], @fs.take.uniq
  end

  def needs_openssl
    require "openssl"
  rescue LoadError
    skip "there is no openssl"
  end

  def test_wrong_answers
    answers = { "abc" => "a", nil => Errno::ESTALE, 7 => Errno::EIO, "x" * 9000 => Errno::EIO, "" => EOFError }
    answers.each do |answer, expected|
      root = with(stat: ->(_) { { size: 1 << 40 } }, read: ->(_, _offset = 0, _length = nil) { answer })
      File.open("#{root}/any") do |file|
        next assert_raises(expected) { file.sysread(1) } if expected.is_a?(Class)

        assert_equal expected, file.sysread(1)
      end
    end
    root = with(stat: ->(_) { { size: 1 << 40 } }, read: ->(_, _offset = 0, _length = nil) { raise Errno::ENOMEDIUM })
    assert_raises(Errno::ENOMEDIUM) { File.binread("#{root}/any", 10) }
    said = reported { assert_raises(Errno::EIO) { File.binread("#{mount(RubyFileSystems.with(stat: ->(_) { { size: 2 << 20 } }, read: ->(_, _o = 0, _l = 0) { "x" * 9_000_000 }))}/any", 10) } }
    assert_match(/read .any: RangeError: read answered 9000000 bytes, and at most \d+ were asked for/, said)
  end

  # A file that becomes shorter ends there.
  def test_shorter_than_stat_said
    root = with(stat: ->(_) { { size: 3 << 20 } }, read: ->(_, offset = 0, length = nil) { CONTENTS[0, 2 << 20][offset, length || 0] || "" })
    assert_equal CONTENTS[0, 2 << 20], File.binread("#{root}/any")
  end

  def test_only_in_parts
    asked = []
    root = with(stat: ->(path) { { size: path == "/big" ? SIZE : 7 } }, read: lambda { |path, offset, length|
      asked << [path, offset, length]
      (path == "/big" ? CONTENTS : "seven!!")[offset, length]
    })
    assert_equal ["seven!!", CONTENTS], [File.read("#{root}/small"), File.binread("#{root}/big")]
    assert_equal [["/small", 0, 7], ["/big", 0, SIZE]], asked
    said = reported { assert_raises(Errno::EIO) { File.read("#{with(read: ->(_path, _offset, _length) { "x" })}/a") } }
    assert_match(/a file system needs stat that reads only in parts/, said)
  end

  def test_a_block
    asked = []
    root = mount do |op, path, offset: nil, length: nil, **|
      asked << [op, offset, length] if op == :read
      { stat: { size: SIZE }, read: CONTENTS[offset || 0, length || SIZE] }[op] if path == "/big"
    end
    assert_equal CONTENTS[100, 10], IO.binread("#{root}/big", 10, 100)
    assert_equal [[:read, 100]], asked.map { |op, offset, _| [op, offset] }
  end

  def test_delegators_are_read_as_a_whole
    inner = @fs
    root = with(stat: ->(path) { inner.stat(path) }, read: ->(*arguments) { inner.read(*arguments) })
    assert_equal CONTENTS, File.binread("#{root}/big")
    assert_equal [["/big", 0, nil]], @fs.take
  end

  # Under a writable mount the file may become another one.
  def test_below_a_writable_mount
    Dir.mktmpdir do |upper|
      root = "#{@root}-writable"
      @roots << root
      InVFS.mount(root, @fs, writable: upper)
      assert_equal CONTENTS[7, 3], IO.binread("#{root}/big", 3, 7)
      File.write("#{root}/big", "!", 0, mode: "r+b")
      assert_equal "!#{CONTENTS[1..]}".b, File.binread("#{root}/big")
    end
  end

  def test_threads
    read_on = ->(at) { File.open("#{@root}/big", "rb") { |file| file.seek(at) && Array.new(50) { file.read(5000) }.join } }
    results = Array.new(4) { |at| Thread.new { read_on[at * 1000] } }.map(&:value)
    4.times { |at| assert_equal CONTENTS[at * 1000, 250_000], results[at] }
    file = File.open("#{@root}/big", "rb")
    assert(Array.new(4) { |at| Thread.new { Array.new(50) { |step| file.pread(100, (at * 10_000) + step) == CONTENTS[(at * 10_000) + step, 100] }.all? } }.all?(&:value))
    file.close
  end

  def test_an_interruption_while_reading
    root = with(stat: ->(_) { { size: 1 << 30 } }, read: ->(_, _offset = 0, _length = nil) { sleep })
    file = File.open("#{root}/any")
    assert_raises(Timeout::Error) { Timeout.timeout(0.1) { file.read(1) } }
    file.close
  end
end
