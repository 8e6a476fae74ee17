# frozen_string_literal: true

# A packed program that uses invfs itself: two copies of its native code in one process.
require_relative "standalone_helper"

class StandaloneOwnMountsTest < Minitest::Test
  include StandaloneHelper

  # The same answers as on disk, where it has the files that the archive has.
  PROGRAM = <<~'RUBY'
    require "invfs/zip"
    require "json"
    require "tmpdir"
    archive = "#{__dir__}/data.zip"
    InVFS.mount("/one", InVFS.zip(archive))
    p File.read("/one/a.rb"), Dir.children("/one").sort, Dir["/one/**/*"].sort, File.stat("/one/a.rb").size
    $: << InVFS.zip(archive)
    require "a"
    p $".last.end_with?("data.zip/a.rb")
    InVFS.mount("#{__dir__}/inside", InVFS.stringmap({ "k" => "v" }))
    p File.read("#{__dir__}/inside/k"), File.read(__FILE__).size, File.exist?("#{__dir__}/inside/none")
    InVFS.mount("/block") { |operation, path, **| "block of #{path}" if operation == :read }
    p File.read("/block/x")
    Dir.mktmpdir do |upper|
      InVFS.mount("/two", InVFS.stringmap({ "old" => "o" }), writable: upper)
      File.write("/two/new", "n")
      File.rename("/two/old", "/two/renamed")
      p Dir.children("/two").sort, File.read("/two/renamed")
      InVFS.unmount("/two")
    end
    p Array.new(4) { |i| Thread.new { File.read("/one/a.rb").size + JSON.generate([i]).size } }.map(&:value)
    p Process.wait2(fork { exit!(File.read("/one/a.rb").size + (File.exist?(__FILE__) ? 0 : 100)) })[1].exitstatus
    Dir.chdir("/one") { p Dir.pwd, File.read("a.rb").size, Dir["*"] }
    Dir.chdir(__dir__) { p File.exist?("data.zip"), Dir.pwd == __dir__ }
    p IO.popen(["cat", "/proc/self/fd/0"], in: "/one/a.rb", &:read)
    require "rbconfig"
    p IO.popen([RbConfig.ruby, "-e", "print 42"], &:read)
    GC.start
    p InVFS.mounts.keys.map { |at| at.delete_prefix(__dir__) }.sort, (InVFS.unmount("/one"); File.exist?("/one"))
  RUBY

  def test_it_mounts_as_on_disk
    need_bundler
    write({ "a.rb" => "puts 'a is loaded'\n", "b/c.txt" => "c" }, "data")
    InVFS.pack(path("data"), path("data.zip"))
    write({ "Gemfile" => "gem 'invfs', path: '#{RubyProcess::PROJECT}'\n", "main.rb" => PROGRAM, "data.zip" => File.binread(path("data.zip")) })
    pack("app", "--exclude", "target", "--exclude", "/test", "--exclude", "/ext")
    on_disk = RubyProcess.run("-I#{RubyProcess::LIB}", path("app/main.rb"))
    assert_equal ["", 0], [on_disk.stderr, on_disk.status], on_disk
    assert_prints on_disk.stdout
  end
end
