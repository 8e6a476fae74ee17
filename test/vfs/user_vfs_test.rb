# frozen_string_literal: true

# Objects of a user's own class as VFS: four methods are enough, and nothing that they do may cause harm.
require_relative "../test_helper"
require_relative "../support/gc_stress"

class UserVFSTest < Minitest::Test
  # A class whose methods a test can replace.
  BASE = <<~'RUBY'
    class Own
      def initialize(files, path = "/own") = (@files = files; @path = path)
      def to_path = @path
      def file?(path) = @files.key?(path)
      def size(path) = @files.fetch(path).bytesize
      def read(path) = @files.fetch(path)
    end
    def quietly
      yield
    rescue LoadError, StandardError => e
      "#{e.class}: #{e.message}"
    end
  RUBY

  def test_four_methods_are_enough
    assert_prints("/own/a.rb\ntrue\nfalse\n\"/own\"\n", <<~'RUBY')
      $: << (own = Own.new({ "a.rb" => "puts __FILE__" }))
      p require("a"), require("a"), InVFS.root(own)
    RUBY
  end

  def test_contents_in_any_encoding_frozen_or_not
    ["b", "force_encoding('UTF-8').freeze", "encode('UTF-8')", "force_encoding('US-ASCII')"].each do |how|
      assert_prints("ä\nUTF-8\n", <<~RUBY)
        $: << Own.new({ "a.rb" => "puts 'ä', __ENCODING__".dup.#{how} })
        require "a"
      RUBY
    end
  end

  def test_the_content_is_not_changed_by_loading_it
    assert_prints("1\ntrue\n", <<~'RUBY')
      $: << Own.new({ "a.rb" => CODE = "p 1".b })
      before = [CODE.dup, CODE.encoding]
      require "a"
      p [CODE, CODE.encoding] == before
    RUBY
  end

  def test_optional_methods_are_used_where_they_are
    assert_prints("[\"a.rb\", \"d/b.rb\"]\ntrue\n[\"b.rb\"]\n[]\nfalse\n", <<~'RUBY')
      plain = Own.new({ "a.rb" => "1", "d/b.rb" => "2" })
      rich = Own.new({ "a.rb" => "1", "d/b.rb" => "2" })
      def rich.entries = @files.keys
      def rich.directory?(path) = path == "d"
      p InVFS.union(rich).entries, InVFS.union(rich).directory?("d"), InVFS::SubFS.new(rich, "d").entries
      p InVFS.union(plain).entries, InVFS.union(plain).directory?("d")
    RUBY
  end

  def test_optional_methods_that_fail_do_not_get_in_the_way
    assert_prints("1\n", <<~'RUBY')
      own = Own.new({ "a.rb" => "p 1" })
      def own.entries = raise(IOError)
      def own.directory?(_) = raise(IOError)
      $: << InVFS.union(own)
      require "a"
    RUBY
  end

  READS = {
    "nil" => "nil", "a number" => "5", "a symbol" => ":a", "an array" => "[]", "an object" => "Object.new",
    "a raised error" => "raise(IOError, 'disk on fire')", "a missing file" => "raise(Errno::ENOENT, path)"
  }.freeze

  READS.each do |sentence, code|
    define_method("test_read_gives_#{sentence.tr(" ", "_")}") do
      assert_prints("true\n[]\n:other\n", <<~RUBY)
        own = Own.new({ "a.rb" => "p 1", "b.rb" => "p :other" })
        def own.read(path) = path == "b.rb" ? super : #{code}
        $: << own
        begin
          require "a"
          p :loaded
        rescue LoadError, StandardError => e
          p e.message.include?("a.rb") || e.message.include?("fire")
        end
        p $".grep(%r{\A/own})
        require "b"
      RUBY
    end
  end

  def test_what_read_raises_arrives
    assert_prints("true\n", <<~'RUBY')
      ERROR = IOError.new("disk on fire")
      own = Own.new({ "a.rb" => "" })
      def own.read(_) = raise(ERROR)
      $: << own
      begin
        require "a"
      rescue IOError, LoadError => e
        p e.equal?(ERROR) || e.cause.equal?(ERROR)
      end
    RUBY
  end

  FILES = { "an error" => "raise(IOError)", "nil" => "nil", "false" => "false", "no method" => "no_such_method" }.freeze

  FILES.each do |sentence, code|
    define_method("test_file_gives_#{sentence.tr(" ", "_")}_and_counts_as_no") do
      assert_prints("/second/a.rb\nLoadError: cannot load such file -- b\n", <<~RUBY)
        own = Own.new({ "a.rb" => "puts :wrong", "b.rb" => "" })
        def own.file?(path) = #{code}
        $: << own << Own.new({ "a.rb" => "puts __FILE__" }, "/second")
        require "a"
        puts quietly { require("b") }
      RUBY
    end
  end

  def test_file_gives_anything_that_is_true
    assert_prints("1\n", <<~'RUBY')
      own = Own.new({ "a.rb" => "p 1" })
      def own.file?(path) = @files[path]
      $: << own
      require "a"
    RUBY
  end

  SIZES = { "nil" => "nil", "a string" => "'5'", "a negative number" => "-1", "a huge number" => "1 << 70", "a float" => "3.0",
            "an error" => "raise(IOError)" }.freeze

  SIZES.each do |sentence, code|
    define_method("test_size_gives_#{sentence.tr(" ", "_")}") do
      assert_prints("ended\n:other\n", <<~RUBY)
        own = Own.new({ "a.rb" => "p 1; exit!", "b.rb" => "p :other" })
        def own.size(path) = path == "b.rb" ? super : #{code}
        def own.read(path) = path == "b.rb" ? super : "1"
        $: << own
        quietly { require("a") }
        puts :ended
        require "b"
      RUBY
    end
  end

  def test_a_size_that_lies_does_not_get_around_the_limit
    assert_prints("refused\n", <<~'RUBY')
      own = Own.new({ "a.rb" => "puts :loaded # #{"x" * InVFS::MAX_LOADSIZE}" })
      def own.size(path) = 5
      $: << own
      puts quietly { require("a") }.is_a?(String) ? :refused : :loaded
    RUBY
  end

  def test_a_path_that_changes_every_time
    assert_prints("/own1/a.rb\ntrue\nfalse\nfalse\n1\n\"/own1\"\n", <<~'RUBY')
      own = Own.new({ "a.rb" => "puts __FILE__", "b.rb" => "" })
      def own.to_path = "/own#{@count = (@count || 0) + 1}"
      $: << own
      p require("a"), require("a"), require("a.rb"), $".grep(%r{\A/own}).size, InVFS.root(own)
    RUBY
  end

  def test_two_objects_with_one_path
    assert_prints("/own/a.rb\n/own@2/b.rb\n/own@2/only.rb\n[\"/own\", \"/own@2\"]\nfalse\n", <<~'RUBY')
      one = Own.new({ "a.rb" => "puts __FILE__" })
      two = Own.new({ "a.rb" => "puts :wrong", "b.rb" => "puts __FILE__; require_relative 'only'", "only.rb" => "puts __FILE__" })
      $: << one << two
      require "a"
      require "b"
      p [one, two].map { |own| InVFS.root(own) }, require("a")
    RUBY
  end

  PATHS = { "nil" => "nil", "a number" => "5", "an empty string" => "''", "a NUL" => "\"a\\0b\"", "an error" => "raise(IOError)" }.freeze

  PATHS.each do |sentence, code|
    define_method("test_to_path_gives_#{sentence.tr(" ", "_")}") do
      assert_prints("ended\n", <<~RUBY)
        own = Own.new({ "a.rb" => "" })
        def own.to_path = #{code}
        $: << own
        quietly { require("a") }
        $:.pop
        require "English"
        puts :ended
      RUBY
    end
  end

  def test_relative_unclean_and_foreign_paths
    { "'rel/own'" => '"#{Dir.pwd}/rel/own"', "'/own/./x/..//'" => '"/own"', "Struct.new(:to_path).new('/own')" => '"/own"',
      "'~/own'" => 'File.expand_path("~/own")', "'/größe'.encode('ISO-8859-1')" => nil }.each do |code, root|
      next if root.nil?

      assert_prints("true\n", <<~RUBY)
        own = Own.new({ "a.rb" => "" })
        def own.to_path = #{code}
        $: << own
        require "a"
        p $".include?(#{root} + "/a.rb")
      RUBY
    end
  end

  def test_methods_that_require_and_change_the_load_path_themselves
    assert_prints("1\n:second\ntrue\n", <<~'RUBY')
      own = Own.new({ "a.rb" => "p 1" })
      def own.file?(path) = (require("English"); $: << Own.new({ "b.rb" => "p :second" }, "/b") if path == "b.rb"; super)
      def own.read(path) = (require("tsort"); $:.delete(self); super)
      def own.size(path) = (require("ostruct"); super)
      $: << own
      require "a"
      $: << own
      quietly { require "b" }
      p require("b") || true
    RUBY
  end

  def test_a_method_that_requires_its_own_files
    assert_prints("ended\n", <<~'RUBY')
      own = Own.new({ "a.rb" => "1" })
      def own.read(path) = (require("a"); super)
      $: << own
      quietly { require "a" }
      puts :ended
    RUBY
  end

  def test_methods_that_leave_by_a_jump
    %w[file? size read].each do |method|
      assert_prints(":thrown\n:other\n", <<~RUBY)
        own = Own.new({ "a.rb" => "1", "b.rb" => "p :other" })
        def own.#{method}(path) = path == "b.rb" ? super : (path.start_with?("a") ? throw(:out, :thrown) : super)
        $: << own
        p catch(:out) { require "a" }
        require "b"
      RUBY
    end
  end

  def test_method_missing_is_good_enough
    assert_prints("1\ntrue\n", <<~'RUBY')
      class Ghost < BasicObject
        def initialize(own) = @own = own
        def method_missing(name, *args) = @own.__send__(name, *args)
        def respond_to_missing?(*) = true
        def respond_to?(*) = true
      end
      $: << Ghost.new(Own.new({ "a.rb" => "p 1" }))
      p require("a")
    RUBY
  end

  def test_private_methods_do_not_count
    assert_prints("LoadError: cannot load such file -- a\n", <<~'RUBY')
      class Own; private :read, :file?, :size; end
      $: << Own.new({ "a.rb" => "p 1" })
      puts quietly { require("a") }
    RUBY
  end

  def test_an_object_with_to_path_alone_is_a_directory_as_ever
    Dir.mktmpdir do |directory|
      File.write("#{directory}/a.rb", "p 1")
      assert_prints("1\n", "$: << Struct.new(:to_path).new(#{File.realpath(directory).dump}); require 'a'")
    end
  end

  def test_subpaths_that_reach_the_object_are_clean_strings
    assert_prints(<<~'OUT', <<~'RUBY')
      ["d/a.rb"]
      [UTF-8]
      [String]
    OUT
      own = Own.new({ "d/a.rb" => "" })
      def own.file?(path) = ((@asked ||= []) << path; super)
      def own.asked = @asked
      $: << own
      require "d/../d//a"
      asked = own.asked.select { |path| path.end_with?("a.rb") }
      p asked.uniq
      puts "[#{asked.map(&:encoding).uniq.join}]", "[#{asked.map(&:class).uniq.join}]"
    RUBY
  end

  def test_an_object_that_is_only_in_the_load_path_lives_on
    assert_prints("1\n2\n", <<~'RUBY')
      $: << Own.new({ "a.rb" => "def later = require_relative('b')\np 1", "b.rb" => "p 2" })
      require "a"
      $:.clear
      GC.start
      later
    RUBY
  end

  private

  def assert_prints(expected, program)
    Dir.mktmpdir("invfs-user") do |directory|
      File.write("#{directory}/program.rb", GCStress::FIRST_LINE + BASE + program)
      outcome = RubyProcess.run(*GCStress::OPTIONS, *RubyProcess::INVFS, "program.rb", chdir: directory)
      assert_equal expected, outcome.stdout, outcome
      assert_equal 0, outcome.status, outcome
    end
  end
end
