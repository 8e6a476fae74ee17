# frozen_string_literal: true

# The names and calls of invfs 0.3 keep working.
require_relative "test_helper"
require "open3"

class Compat03Test < Minitest::Test
  def test_classes_and_constants_under_their_old_names
    assert_same InVFS::ZipFS, InVFS::Zip
    assert_same InVFS::UnionFS, InVFS::MultipleDirectory
    assert_kind_of Class, InVFS::StringMapFS
    limits = [InVFS::MINIMAL_MAX_LOADSIZE, InVFS::DEFAULT_MAX_LOADSIZE, InVFS::MAXIMAM_MAX_LOADSIZE]
    assert_equal limits.sort, limits
    assert_includes limits[0]..limits[2], InVFS::MAX_LOADSIZE
    assert_equal ["", true], [InVFS::LOADED_PREFIX, InVFS::LOADED_PREFIX.frozen?]
  end

  %w[invfs invfs/zip invfs/unionfs invfs/stringmapfs].each do |feature|
    define_method("test_#{feature.tr("/", "_")}_can_be_required_alone_and_twice") do
      outcome = ruby(<<~RUBY)
        p require("#{feature}"), require("#{feature}")
        p [InVFS::Zip, InVFS::UnionFS, InVFS::StringMapFS].map(&:class), InVFS.handlers
      RUBY
      handlers = feature == "invfs/zip" ? "[InVFS::ZipFS]" : "[]"
      assert_equal "true\nfalse\n[Class, Class, Class]\n#{handlers}\n", outcome.stdout, outcome
    end
  end

  def test_the_example_of_the_old_readme
    in_directory do |directory|
      ZipBuilder.write("#{directory}/mybox.zip", { "mybox/core.rb" => <<~'RUBY' })
        module MyBox
          def MyBox.sayhello!
            puts "Hello, Ruby!"
          end
        end
      RUBY
      ['InVFS.zip("mybox.zip")', '"mybox.zip"', 'InVFS::Zip.new("mybox.zip")', 'InVFS::Zip.open("mybox.zip")'].each do |entry|
        outcome = ruby("require 'invfs/zip'\n$: << #{entry}\nrequire 'mybox/core'\nMyBox.sayhello!\n", directory)
        assert_equal "Hello, Ruby!\n", outcome.stdout, outcome
      end
    end
  end

  def test_maps_in_all_spellings_of_a_hash
    [InVFS.stringmap("a.rb" => "x"), InVFS.stringmap({ "a.rb" => "x" }), InVFS.stringmap([["a.rb", "x"]]),
     InVFS.stringmap("a.rb", "x"), InVFS::StringMapFS.new("a.rb" => "x")].each do |fs|
      assert_equal ["x", { "a.rb" => "x" }], [fs.read("a.rb"), fs.map]
    end
    both = InVFS.stringmap("a.rb" => "x", to_path: "/here")
    assert_equal ["/here", ["a.rb"]], [both.to_path, both.entries]
  end

  def test_unions_of_directories
    in_directory do |directory|
      Trees.write("#{directory}/one", { "a" => "1" })
      Trees.write("#{directory}/two", { "a" => "2", "b" => "2" })
      dirs = ["#{directory}/one", "#{directory}/two"]
      [InVFS.union(*dirs), InVFS::UnionFS.new(*dirs), InVFS::MultipleDirectory.new(*dirs)].each do |fs|
        assert_equal ["1", "2", 1, dirs], [fs.read("a"), fs.read("b"), fs.size("a"), fs.dirs]
      end
    end
  end

  def test_a_handler_registered_under_the_old_name
    outcome = in_directory do |directory|
      File.write("#{directory}/x.one", "puts :from_one")
      ruby(<<~'RUBY', directory)
        require "invfs"
        class OneFile < Struct.new(:to_path)
          def self.probe(file) = File.extname(file) == ".one"
          def self.open(file) = new(file)
          def file?(path) = path == "only.rb"
          def size(path) = File.size(to_path)
          def read(path) = File.binread(to_path)
          InVFS.regist self
        end
        $: << "x.one"
        require "only"
      RUBY
    end
    assert_equal "from_one\n", outcome.stdout, outcome
  end

  # The previous method can also read everything that is readable by path.
  def test_the_originals_know_nothing_of_a_vfs_but_what_is_mounted
    { "0" => "cannot load such file -- a", "1" => "a" }.each do |transparent, said|
      outcome = ruby(<<~'RUBY', env: { "RUBY_INVFS_TRANSPARENT" => transparent })
        require "invfs"
        $: << InVFS.stringmap("a.rb" => "puts :a")
        p InVFS.require!("English"), InVFS.require!("English")
        begin
          InVFS.require!("a")
        rescue LoadError => e
          puts e.message
        end
        p InVFS.require!(Class.new { def to_path = "English" }.new)
        begin
          InVFS.require!(nil)
        rescue TypeError => e
          puts e.message
        end
      RUBY
      assert_equal "true\nfalse\n#{said}\nfalse\nno implicit conversion of nil into String\n", outcome.stdout, outcome
    end
  end

  def test_the_original_require_relative_with_and_without_a_base
    outcome = in_directory do |directory|
      Trees.write(directory, { "d/b.rb" => "puts __FILE__", "b.rb" => "puts __FILE__", "d/a.rb" => "def place = caller_locations(0, 1)[0]" })
      ruby(<<~'RUBY', directory).tap { |ran| ran.stdout.gsub!("#{File.realpath(directory)}/", "") }
        require "invfs"
        require_relative "d/a"
        p InVFS.require_relative!("b", place)
        p InVFS.require_relative!("b"), InVFS.require_relative!("b.rb")
        begin
          InVFS.require_relative!("nothing", place)
        rescue LoadError => e
          puts e.message
        end
      RUBY
    end
    assert_equal "d/b.rb\ntrue\nb.rb\ntrue\nfalse\ncannot load such file -- d/nothing\n", outcome.stdout, outcome
  end

  def test_limits_are_frozen_in_the_environment_of_the_start
    name = "RUBY_REQUIRE_INVFS_MAX_LOADSIZE"
    outcome = RubyProcess.run(*RubyProcess::INVFS, "-e", "p InVFS::MAX_LOADSIZE", env: { name => "64mib" })
    assert_equal "#{64 << 20}\n", outcome.stdout, outcome
  end

  private

  def in_directory(&block)
    Dir.mktmpdir("invfs-compat", &block)
  end

  # Runs a script in `directory`, from there.
  def ruby(program, directory = nil, **options)
    return in_directory { |made| ruby(program, made, **options) } unless directory

    File.write("#{directory}/script.rb", program)
    RubyProcess.run("-I#{RubyProcess::LIB}", "script.rb", chdir: directory, **options)
  end
end
