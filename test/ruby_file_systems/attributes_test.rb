# frozen_string_literal: true

# Times, permissions and owners of files in a file system written in Ruby.
require_relative "support"
require "fileutils"
require "tmpdir"

class RubyFileSystemAttributesTest < RubyFileSystems::Test
  # What the three methods get.
  class Keeper < RubyFileSystems::Store
    attr_reader :kept

    def utime(*values) = keep(:utime, values)

    def chmod(*values) = keep(:chmod, values)

    def chown(*values) = keep(:chown, values)

    private

    def keep(name, values) = (@kept ||= []) << [name, *values]
  end

  def setup
    super
    @store = RubyFileSystems::Store.new("/a" => "hello")
    @root = mount(@store)
  end

  def test_methods
    keeper = Keeper.new("/a" => "x")
    root = mount(keeper)
    File.utime(Time.at(1, 5, :nsec), Time.at(2), "#{root}/a")
    File.chmod(0o4755, "#{root}/a")
    File.chown(nil, 77, "#{root}/a")
    File.chmod(0o700, root)
    assert_equal [[:utime, "/a", Time.at(1, 5, :nsec), Time.at(2)], [:chmod, "/a", 0o4755], [:chown, "/a", nil, 77],
                  [:chmod, "/", 0o700]], keeper.kept
    keeper.kept.clear
    before = Time.now
    File.utime(nil, nil, "#{root}/a")
    _, _, accessed, modified = keeper.kept.first
    assert_equal accessed, modified
    assert_includes before..Time.now, modified
  end

  def test_keywords_of_a_block
    seen = []
    root = mount do |op:, path:, **more|
      next seen << [op, path, more] if %i[utime chmod chown].include?(op)

      "x" if op == :read
    end
    File.utime(1, 2, "#{root}/a")
    File.chmod(0o600, "#{root}/a")
    File.chown(3, nil, "#{root}/a")
    assert_equal [[:utime, "/a", { atime: Time.at(1), mtime: Time.at(2) }], [:chmod, "/a", { mode: 0o600 }],
                  [:chown, "/a", { user: 3, group: nil }]], seen
  end

  def test_a_block_that_does_not_take_the_keywords
    files = { "/a" => "x" }
    root = mount { |op, path, contents: nil| op == :write ? files[path] = contents : (files[path] if op == :read) }
    FileUtils.touch(%W[#{root}/a #{root}/b])
    assert_equal({ "/a" => "x", "/b" => "" }, files)
    assert_raises(Errno::ENOTSUP) { File.rename("#{root}/a", "#{root}/c") }
  end

  def test_errors_of_the_methods_pass_through
    root = with(read: ->(_) { "x" }, chmod: ->(*) { raise Errno::ENOTSUP }, utime: ->(*) { raise Errno::EACCES })
    assert_raises(Errno::ENOTSUP) { File.chmod(0o600, "#{root}/a") }
    assert_raises(Errno::EACCES) { File.utime(1, 2, "#{root}/a") }
  end

  def test_programs_that_copy_files_without_the_methods
    FileUtils.touch("#{@root}/a")
    FileUtils.touch("#{@root}/new")
    FileUtils.install("#{@root}/a", "#{@root}/installed", mode: 0o644)
    FileUtils.cp("#{@root}/a", "#{@root}/copy", preserve: true)
    Dir.mktmpdir do |real|
      File.write("#{real}/moved", "from disk")
      FileUtils.mv("#{real}/moved", "#{@root}/moved")
      assert_empty Dir.children(real)
    end
    assert_equal({ "/a" => "hello", "/new" => "", "/installed" => "hello", "/copy" => "hello", "/moved" => "from disk" },
                 @store.files)
  end

  def test_owners_without_the_method
    assert_equal 1, File.chown(Process.euid, -1, "#{@root}/a")
    assert_raises(Errno::EPERM) { File.chown(Process.euid + 1, nil, "#{@root}/a") }
  end

  def test_what_cannot_be_changed_at_all
    root = with(read: ->(path) { "x" if path == "/a" })
    assert_raises(Errno::EROFS) { File.utime(nil, nil, "#{root}/a") }
    assert_raises(Errno::EROFS) { File.chmod(0o600, "#{root}/a") }
  end

  # What is missing is missing, whichever methods there are.
  def test_a_missing_name
    only_read = with(read: ->(path) { "x" if path == "/a" }, list: ->(path) { %w[a] if path == "/" })
    [@root, only_read].each do |root|
      none = "#{root}/none"
      { utime: -> { File.utime(nil, nil, none) }, lutime: -> { File.lutime(nil, nil, none) },
        chmod: -> { File.chmod(0o600, none) }, chown: -> { File.chown(nil, nil, none) },
        truncate: -> { File.truncate(none, 0) }, unlink: -> { File.unlink(none) }, rmdir: -> { Dir.rmdir(none) },
        rename: -> { File.rename(none, "#{root}/b") }, link: -> { File.link(none, "#{root}/b") },
        open: -> { File.open(none, "r+") }, mkdir: -> { Dir.mkdir("#{none}/b") },
        symlink: -> { File.symlink("a", "#{none}/b") } }.each do |name, change|
        assert_raises(Errno::ENOENT, "#{name} in #{root}", &change)
      end
    end
    assert_raises(Errno::ENOTSUP) { File.link("#{@root}/a", "#{@root}/b") }
    assert_raises(Errno::EEXIST) { File.symlink("a", "#{@root}/a") }
    assert_raises(Errno::ENOTSUP) { File.truncate("#{only_read}/a", 0) }
    assert_raises(Errno::EISDIR) { File.truncate(only_read, 0) }
  end
end
