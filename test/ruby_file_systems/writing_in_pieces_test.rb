# frozen_string_literal: true

# File systems written in Ruby that read from an IO what was written.
require_relative "support"

class RubyFileSystemWritingInPiecesTest < RubyFileSystems::Test
  # Takes pieces of 100,000 bytes.
  class Pieces < InVFS::Base
    attr_reader :files, :taken, :io

    def initialize
      super
      @files = {}
      @taken = []
    end

    def read(path) = @files[path]

    def write_from(path, io)
      @io = io
      @taken << [path, io.size]
      @files[path] = "".b
      while (piece = io.read(100_000))
        @files[path] << piece
      end
    end

    def remove(path) = @files.delete(path)
  end

  CONTENTS = Random.new(3).bytes(1_000_001).freeze

  def setup
    super
    @fs = Pieces.new
    @root = mount(@fs)
  end

  def test_writing
    assert_equal CONTENTS.bytesize, File.binwrite("#{@root}/a", CONTENTS)
    assert_equal [CONTENTS, [["/a", CONTENTS.bytesize]]], [File.binread("#{@root}/a"), @fs.taken]
    assert_predicate @fs.io, :closed?
    File.write("#{@root}/empty", "")
    assert_equal ["", ["/empty", 0]], [File.read("#{@root}/empty"), @fs.taken.last]
  end

  def test_changes_in_place
    File.binwrite("#{@root}/a", CONTENTS)
    File.open("#{@root}/a", "r+b") { |file| file.read(10) }
    assert_equal 1, @fs.taken.size, "it is unchanged"
    # The same length; one byte at the very end, and one in the middle.
    [CONTENTS.bytesize - 1, 500_000].each do |at|
      File.open("#{@root}/a", "r+b") { |file| file.pwrite("!", at) }
      assert_equal "!", @fs.files["/a"][at]
    end
    File.open("#{@root}/a", "ab") { |file| file.write("more") }
    File.truncate("#{@root}/a", 1_000_003)
    assert_equal [1_000_003, "mo"], [@fs.files["/a"].bytesize, @fs.files["/a"][-2, 2]]
  end

  # The program goes on where it was.
  def test_fsync
    File.open("#{@root}/a", "wb") do |file|
      file.write("12")
      file.fsync
      assert_equal "12", @fs.files["/a"]
      file.write("34")
      file.fsync
      file.fsync
      assert_equal 4, file.pos
    end
    assert_equal ["1234", 2], [@fs.files["/a"], @fs.taken.size]
  end

  def test_errors
    failing = with(read: ->(_) {}, write_from: ->(_path, _io) { raise Errno::ENOSPC })
    assert_raises(Errno::ENOSPC) { File.write("#{failing}/a", "x") }
    early = with(read: ->(_) {}, write_from: ->(_path, io) { io.close })
    File.write("#{early}/a", "x")
    descriptors = Dir.children("/proc/self/fd").size
    20.times { File.write("#{early}/a", "x") }
    assert_equal descriptors, Dir.children("/proc/self/fd").size
    assert_raises(Errno::ENOTSUP) { File.write("#{with(read: ->(_) { "x" })}/a", "y") }
  end

  def test_an_append_of_its_own
    appended = []
    files = { "/log" => "old\n" }
    root = with(read: ->(path) { files[path] }, write_from: ->(path, io) { files[path] = io.read }, append: ->(path, added) { appended << added && files[path] += added })
    File.open("#{root}/log", "a") { |file| file.write("new\n") }
    assert_equal [["new\n"], "old\nnew\n"], [appended, files["/log"]]
    File.write("#{root}/log", "other")
    assert_equal [1, "other"], [appended.size, files["/log"]]
  end

  def test_a_block
    files = {}
    root = mount do |op, path, io: nil, **|
      case op
      when :read then files[path]
      when :write then files[path] = io.read
      end
    end
    File.write("#{root}/a", "1")
    File.open("#{root}/a", "a") { |file| file.write("2") }
    File.truncate("#{root}/a", 4)
    assert_equal({ "/a" => "12\0\0" }, files)
  end

  def test_without_proc
    program = <<~'RUBY'
      files = {}
      object = Class.new(InVFS::Base) do
        define_method(:read) { |path| files[path] }
        define_method(:write_from) { |path, io| files[path] = [io.class, io.read] }
      end
      InVFS.mount("/p", object.new)
      File.open("/p/a", "w") { |file| file.write("12"); file.fsync; file.write("34") }
      p files["/a"]
    RUBY
    outcome = program(program)
    assert_equal "[File, \"1234\"]\n", outcome.stdout, outcome
  end
end
