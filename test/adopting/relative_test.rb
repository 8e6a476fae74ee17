# frozen_string_literal: true

# Relative paths that start in a real directory lead into mounts below it.
require_relative "support"

class AdoptingRelativeTest < Minitest::Test
  include AdoptingSupport

  def setup
    super
    archive("app.zip", { "lib/x.rb" => "X = __FILE__", "v" => "1" })
    FileUtils.mkdir_p("#{@dir}/shop")
    File.write("#{@dir}/shop/real", "real")
  end

  def test_into_an_archive
    assert_right <<~'RUBY'
      $: << "app.zip/lib"
      same(%w[1 1 1]) { %w[app.zip/v ./app.zip/v shop/../app.zip/v].map { |path| read(path) } }
      same(["app.zip/lib/x.rb"]) { Dir["app.zip/**/*.rb"] }
      same([true, true, "PK"]) { [File.directory?("app.zip/lib"), File.file?("app.zip"), File.binread("app.zip", 2)] }
      same([true, "#{DIR}/app.zip/lib/x.rb"]) { [load("app.zip/lib/x.rb"), X] }
      same([Errno::ENOENT, Errno::EROFS]) { [(read("app.zip/nothing") rescue $!.class), (File.write("app.zip/v", "") rescue $!.class)] }
      Dir.chdir("shop")
      same("1") { read("../app.zip/v") }
      same("real") { read("../shop/real") }
      Dir.chdir("/")
      same("1") { read("#{DIR[1..]}/app.zip/v") }
      Dir.chdir("#{DIR}/app.zip/lib")
      same(["x.rb", "1"]) { [Dir["*"].first, read("../v")] }
    RUBY
  end

  def test_over_a_real_directory
    assert_right <<~'RUBY'
      InVFS.mount("shop", InVFS.stringmap({ "VERSION" => "9" }))
      same(["9", false, ["VERSION"]]) { [read("shop/VERSION"), File.exist?("shop/real"), Dir.children("shop")] }
      same(Errno::EEXIST) { Dir.mkdir("shop") }
      child = fork { exit!(read("shop/VERSION") == "9" && Dir.chdir("shop") { read("VERSION") } == "9") }
      Process.wait(child)
      same(true) { $?.success? }
      Dir.open(DIR) { |directory| directory.respond_to?(:fchdir) ? Dir.fchdir(directory.fileno) : Dir.chdir(DIR) }
      same("9") { read("shop/VERSION") }
      InVFS.unmount("shop")
      same("real") { read("shop/real") }
      InVFS.mount("new/deep", InVFS.stringmap({ "a" => "deep" }))
      same("deep") { read("new/deep/a") }
      same(Errno::EEXIST) { Dir.mkdir("new/deep") }
      InVFS.unmount("new/deep")
      same(false) { File.exist?("new") }
    RUBY
  end

  # A program that is started begins where it is told to, and knows no mount.
  def test_programs_that_are_started
    assert_right <<~'RUBY'
      InVFS.mount("shop", InVFS.stringmap({ "real" => "virtual" }))
      Dir.mkdir("other")
      File.write("other/real", "other")
      same("other") { IO.popen(["cat", "real"], chdir: "other", &:read) }
      same("virtual") { read("shop/real") }
    RUBY
  end
end
