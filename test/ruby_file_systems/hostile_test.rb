# frozen_string_literal: true

# Methods that return nonsense: each gives a defined error number, or a missing name.
require_relative "support"

class RubyFileSystemHostileTest < RubyFileSystems::Test
  def test_names_that_cannot_be
    names = ["", ".", "..", "a/b", "/", "//", "a\0b", "x" * 256, nil, :sym, 1, [], ["pair"], ["d", :directory], "ok", "ok",
             "ä", "\xff".b, "frozen", "utf".encode("UTF-16LE")]
    root = with(list: ->(path) { names if path == "/" })
    said = reported { assert_equal ["d", "frozen", "ok", "pair", "ä", "\xff".b].map(&:b).sort, Dir.children(root).map(&:b).sort }
    assert_includes said, 'list /: "a/b" is no name'
    assert_includes said, "list /: :sym is no name"
  end

  def test_answers_of_list_that_are_no_names
    ["name", 1, { "a" => 1 }, Object.new].each do |answer|
      root = with(list: ->(_) { answer })
      said = reported { assert_raises(Errno::EIO, answer.class.name) { Dir.children(root) } }
      assert_match(/TypeError: list answered #{answer.class}/, said)
    end
    assert_equal [], Dir.children(with(list: ->(_) { false }))
  end

  def test_a_list_without_end
    root = with(list: ->(path) { path == "/" ? Enumerator.new { |names| 1.step { |n| names << "n#{n}/" } } : nil })
    assert_raises(Errno::EOVERFLOW) { Dir.children(root) }
  end

  def test_a_list_of_the_same_name_without_end
    assert_raises(Errno::EOVERFLOW) { Dir.children(with(list: ->(_) { Enumerator.new { |names| loop { names << "same/" } } })) }
  end

  def test_a_million_names
    root = with(list: ->(path) { path == "/" ? ["d/"] + Array.new(1_000_000) { |n| "n#{n}" } : nil })
    assert_equal 1_000_001, Dir.children(root).size
  end

  def test_contents_that_are_none
    [1, :symbol, [], {}, Object.new].each do |answer|
      said = reported { assert_raises(Errno::EIO) { File.read("#{with(read: ->(_) { answer })}/a") } }
      assert_match(%r{read /a: TypeError: read answered #{answer.class}}, said)
    end
    [nil, false].each { |answer| assert_raises(Errno::ENOENT) { File.read("#{with(read: ->(_) { answer })}/a") } }
  end

  def test_contents_of_all_kinds_of_strings
    kinds = { "frozen" => "ä", "binary" => "\xff\0".b, "wide" => "ab".encode("UTF-16LE"), "broken" => "\xff",
              "sub" => Class.new(String).new("sub"), "long" => "x" * 100_000 }
    root = with(read: ->(path) { kinds[path[1..]] })
    kinds.each { |name, contents| assert_equal contents.b, File.binread("#{root}/#{name}"), name }
  end

  def test_contents_that_are_too_large
    root = with(read: ->(_) { "12345" }, max_size: -> { 4 })
    assert_raises(Errno::EFBIG) { File.read("#{root}/a") }
    assert_raises(Errno::EFBIG) { File.size("#{root}/a") }
  end

  def test_two_gigabytes
    free = File.read("/proc/meminfo")[/^MemAvailable:\s+(\d+)/, 1].to_i
    skip "needs 4 GB of memory" if free < 4 << 20
    outcome = program(<<~'RUBY')
      InVFS.mount("/big") { |op, path, **| "\0" * (2 << 30) if op == :read }
      begin
        File.open("/big/file")
      rescue SystemCallError => e
        p e.class
      end
    RUBY
    assert_equal "Errno::EFBIG\n", outcome.stdout, outcome
  end

  def test_sizes_and_other_attributes_that_are_wrong
    [{ size: -1 }, { size: 1 << 64 }, { size: "3" }, { size: 1.5 }, { type: :socket }, { type: 7 }, { mode: "rw", size: 1 },
     { mtime: "today", size: 1 }, { mtime: Float::NAN, size: 1 }, { mtime: 1 << 80, size: 1 }, 7, "text", []].each do |answer|
      root = with(stat: ->(_) { answer }, read: ->(_) { "x" })
      assert_raises(Errno::EIO, answer.inspect) { File.stat("#{root}/a") }
    end
  end

  def test_a_size_that_lies
    root = with(stat: ->(_) { { size: 1_000_000 } }, read: ->(_) { "short" })
    assert_equal [1_000_000, "short"], [File.size("#{root}/a"), File.read("#{root}/a")]
    File.open("#{root}/a") { |file| assert_equal 5, file.size }
    root = with(stat: ->(_) { { size: 0 } }, read: ->(_) { "long" })
    assert_equal "long", File.read("#{root}/a")
  end

  def test_exceptions
    { RuntimeError.new("x") => Errno::EIO, NotImplementedError.new => Errno::EIO, LoadError.new("l") => Errno::EIO,
      SecurityError.new => Errno::EIO, NoMemoryError.new => Errno::ENOMEM, Errno::EACCES.new => Errno::EACCES,
      Errno::EPIPE.new("detail") => Errno::EPIPE, SystemCallError.new("odd", 99_999) => Errno::EIO,
      SystemCallError.new("none", 0) => Errno::EIO }.each do |raised, seen|
      root = with(read: ->(_) { raise raised })
      assert_raises(seen, raised.inspect) { File.read("#{root}/a") }
      assert_raises(seen, raised.inspect) { File.stat("#{root}/a") }
    end
  end

  def test_an_exception_is_reported_under_w
    root = with(list: ->(_) { raise ArgumentError, "broken" })
    said = reported { assert_raises(Errno::EIO) { Dir.children(root) } }
    assert_match(%r{\Ainvfs: list /: ArgumentError: broken \(#{Regexp.escape(__FILE__)}:#{__LINE__ - 2}:in}, said)
    _, quiet = capture_io { assert_raises(Errno::EIO) { Dir.children(root) } }
    assert_empty quiet
    assert_empty(reported { assert_raises(Errno::EPERM) { File.read("#{with(read: ->(_) { raise Errno::EPERM })}/a") } })
  end

  def test_an_exception_whose_message_raises
    bad = Class.new(StandardError) { def message = raise("again") }
    root = with(read: ->(_) { raise bad })
    assert_includes(reported { assert_raises(Errno::EIO) { File.read("#{root}/a") } }, "(no message)")
  end

  def test_recursion_without_end
    root = nil
    root = with(read: ->(path) { File.read("#{root}#{path}x") })
    # In a thread, whose stack is as large with every C library.
    assert_raises(Errno::ELOOP) { Thread.new { File.read("#{root}/a") }.tap { |thread| thread.report_on_exception = false }.value }
    deep = ->(n) { deep.call(n + 1) + 1 }
    said = reported { assert_raises(Errno::EIO) { File.read("#{with(read: ->(_) { deep.call(0) })}/a") } }
    assert_includes said, "SystemStackError"
  end

  def test_a_method_that_reads_its_own_mount
    root = nil
    root = with(read: ->(path) { path == "/a" ? File.read("#{root}/b") + Dir.children(root).join : "b" }, list: ->(_) { ["x/"] })
    assert_equal "bx", File.read("#{root}/a")
  end

  def test_a_method_that_unmounts
    root = nil
    root = with(read: ->(_) { InVFS.unmount(root) && GC.start && "gone" || "gone" })
    assert_equal "gone", File.read("#{root}/a")
    refute File.exist?(root)
  end

  def test_error_info_of_the_caller_stays
    root = with(read: ->(_) { raise "inner" rescue "handled" }) # rubocop:disable Style/RescueModifier
    begin
      raise "outer"
    rescue RuntimeError => e
      File.read("#{root}/a")
      assert_same e, $!
    end
    assert_nil $!
  end
end
