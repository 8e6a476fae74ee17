# frozen_string_literal: true

# Archives in archives.
require_relative "support"

class AdoptingNestedTest < Minitest::Test
  include AdoptingSupport

  def setup
    super
    inner = ZipBuilder.build do |zip|
      zip.add("lib/inner.rb", "INNER = [__FILE__, File.read(\"\#{__dir__}/x\")]")
      zip.add("lib/x", "deep")
    end
    [true, false].each do |deflate|
      bytes = ZipBuilder.build do |zip|
        zip.add("vendor/gems.zip", inner, deflate: deflate)
        zip.add("v", "1")
        zip.add("link.zip", "vendor/gems.zip", symlink: true)
      end
      File.binwrite("#{@dir}/#{deflate ? "deflated" : "stored"}.zip", bytes)
    end
  end

  def test_in_what_is_mounted_by_name
    %w[stored deflated].each do |name|
      assert_right <<~RUBY
        InVFS.mount("/app", InVFS.zip("#{name}.zip"))
        same(%w[lib/inner.rb lib/x]) { InVFS.zip("/app/vendor/gems.zip").entries.sort }
        same(["lib/x"]) { InVFS.zip("/app/link.zip").entries.grep(/x\\z/) }
        same([Errno::EISDIR, Errno::ENOENT, InVFS::NotAnArchiveError]) do
          %w[vendor nothing v].map { |path| InVFS.zip("/app/\#{path}") rescue $!.class }
        end
        $: << "/app/vendor/gems.zip/lib"
        same("deep") { read("/app/vendor/gems.zip/lib/x") }
        same([true, ["/app/vendor/gems.zip/lib/inner.rb", "deep"]]) { [require("inner"), INNER] }
        same([true, %w[gems.zip]]) { [File.file?("/app/vendor/gems.zip"), Dir.children("/app/vendor")] }
        same("PK") { File.binread("/app/vendor/gems.zip", 2) }
      RUBY
    end
  end

  def test_in_what_stands_in_the_load_path
    assert_right <<~'RUBY'
      $: << "#{DIR}/stored.zip/vendor/gems.zip/lib"
      same("deep") { read("#{DIR}/stored.zip/vendor/gems.zip/lib/x") }
      same(true) { require("inner") }
      same(["#{DIR}/stored.zip/vendor/gems.zip", "lib"]) { InVFS.locate($:.last).then { |vfs, sub| [vfs.to_path, sub] } }
      $: << "#{DIR}/deflated.zip"
      same("1") { read("#{DIR}/deflated.zip/v") }
    RUBY
  end

  def test_in_a_writable_mount_it_is_replaced
    archive("new.zip", { "lib/x" => "new" })
    assert_right <<~'RUBY'
      InVFS.mount("/app", InVFS.zip("stored.zip"), writable: "upper")
      $: << "/app/vendor/gems.zip/lib"
      same("deep") { read("/app/vendor/gems.zip/lib/x") }
      File.binwrite("/app/vendor/gems.zip", File.binread("new.zip"))
      sleep 0.01
      same("new") { read("/app/vendor/gems.zip/lib/x") }
    RUBY
  end
end
