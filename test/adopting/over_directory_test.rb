# frozen_string_literal: true

# A VFS whose root is a real directory does not hide that directory.
require_relative "support"

class AdoptingOverDirectoryTest < Minitest::Test
  include AdoptingSupport

  def setup
    super
    { "real/r" => "r", "real/both" => "real", "real/sub/s" => "s", "real/kind/x" => "x" }.each do |name, text|
      FileUtils.mkdir_p(File.dirname("#{@dir}/#{name}"))
      File.write("#{@dir}/#{name}", text)
    end
  end

  ADOPT = <<~'RUBY'
    REAL = "#{DIR}/real"
    FILES = { "v.rb" => "V = __FILE__", "both" => "vfs", "sub/q" => "q", "only/o" => "o", "kind" => "a file" }
    $: << InVFS.stringmap(FILES, to_path: REAL)
    ALL = %w[both kind only r sub v.rb]
  RUBY

  def test_what_is_read_and_listed
    assert_right <<~RUBY
      #{ADOPT}
      same(["r", "vfs", "s", "q", "o", "a file"]) { %w[r both sub/s sub/q only/o kind].map { |name| read("\#{REAL}/\#{name}") } }
      same([ALL, %w[q s], %w[o]]) { [REAL, "\#{REAL}/sub", "\#{REAL}/only"].map { |path| Dir.children(path).sort } }
      same(%w[both kind only only/o r sub sub/q sub/s v.rb]) { Dir["\#{REAL}/**/*"].map { |path| path.delete_prefix("\#{REAL}/") }.sort }
      same([true, "\#{REAL}/v.rb"]) { [require("v"), V] }
      same(File.stat(DIR).dev) { File.stat(REAL).dev }
    RUBY
  end

  def test_changes_are_the_directorys
    assert_right <<~RUBY
      #{ADOPT}
      File.write("\#{REAL}/new", "n")
      Dir.mkdir("\#{REAL}/made")
      File.rename("\#{REAL}/r", "\#{REAL}/made/r")
      same(["n", "r"]) { [read("\#{REAL}/new"), read("\#{REAL}/made/r")] }
      File.unlink("\#{REAL}/new")
      same(false) { File.exist?("\#{REAL}/new") }
      same([Errno::EROFS] * 2) { [-> { File.write("\#{REAL}/v.rb", "") }, -> { File.unlink("\#{REAL}/both") }].map { |change| change.call rescue $!.class } }
      InVFS.transparent = false
      same(["real", false]) { [read("\#{REAL}/both"), File.exist?("\#{REAL}/v.rb")] }
    RUBY
  end

  def test_as_the_working_directory
    assert_right <<~RUBY
      #{ADOPT}
      Dir.chdir(REAL) do
        same([REAL, "vfs", "r", "q", ALL]) { [Dir.pwd, read("both"), read("r"), read("sub/q"), Dir["*"].sort] }
      end
      Dir.chdir("\#{REAL}/sub") { same(%w[q s vfs]) { [read("q"), read("s"), read("../both")] } }
      Dir.chdir("\#{REAL}/only") { same(%w[o vfs]) { [read("o"), read("../both")] } }
    RUBY
  end
end
