# frozen_string_literal: true

# Anything that enters `$:`, in any way, is readable at once, without a call and without an earlier require.
require_relative "support"

class AdoptingAtOnceTest < Minitest::Test
  include AdoptingSupport

  OBJECT = 'InVFS.stringmap({ "v" => "x" }, to_path: "/box")'

  WAYS = {
    "<<" => "$: << IT", "push" => "$:.push('/nowhere', IT)", "append" => "$:.append(IT)", "unshift" => "$:.unshift(IT)",
    "prepend" => "$:.prepend(IT, '/nowhere')", "insert" => "$:.insert(1, IT)", "replace" => "$:.replace($: + [IT])",
    "concat" => "$:.concat([], [IT])", "[]=" => "$:[0] = IT", "a range" => "$:[0, 0] = [IT]", "fill" => "$:.fill(IT, 0, 1)",
    "map!" => "$:.map! { |entry| entry == $:.first ? IT : entry }", "collect!" => "$:.collect! { IT }",
    "flatten!" => "$:.unshift([[IT]]); $:.flatten!", "$LOAD_PATH" => "$LOAD_PATH << IT", "$-I" => "$-I << IT"
  }.freeze

  WAYS.each do |name, change|
    define_method("test_an_object_by_#{name}") do
      assert_right "IT = #{OBJECT}\n#{change}\nsame('x') { read('/box/v') }", handler: false,
                   RUBYOPT: "-rinvfs", RUBYLIB: RubyProcess::LIB
    end

    define_method("test_a_path_by_#{name}") do
      archive("a.zip", { "lib/v" => "x" })
      assert_right "IT = \"\#{DIR}/a.zip/lib\"\n#{change}\nsame('x') { read(\"\#{DIR}/a.zip/lib/v\") }"
    end
  end

  def test_options_and_environment
    archive("a.zip", { "v" => "a" })
    archive("b.zip", { "lib/v" => "b" })
    assert_right 'same("a") { read("#{DIR}/a.zip/v") }', "-Ia.zip"
    assert_right 'same("b") { read("#{DIR}/b.zip/lib/v") }', RUBYLIB: "#{@dir}/b.zip/lib"
  end

  def test_what_stood_there_before_invfs
    archive("a.zip", { "v" => "a" })
    assert_right <<~'RUBY', handler: false
      own = Object.new
      def own.to_path = "/own"
      def own.file?(name) = name == "v"
      def own.size(_) = 3
      def own.read(_) = "own"
      $: << own << "#{DIR}/a.zip"
      require "invfs"
      same("own") { read("/own/v") }
      same(Errno::ENOTDIR) { read("#{DIR}/a.zip/v") }
      require "invfs/zip"
      same("a") { read("#{DIR}/a.zip/v") }
    RUBY
  end

  def test_what_is_wrong_with_an_entry_is_the_searchs_business
    archive("broken.zip", {})
    File.binwrite("#{@dir}/broken.zip", "PK\3\4 and no more")
    assert_right <<~'RUBY'
      raising = Object.new
      def raising.to_path = raise(IOError, "out of order")
      def raising.file?(_) = false
      def raising.size(_) = 0
      def raising.read(_) = ""
      [nil, 1, raising, "#{DIR}/broken.zip", "a\0b"].each do |entry|
        same(entry) { ($: << entry).last }
        $:.pop
      end
      same(FrozenError) { $:.dup.freeze << "x" }
    RUBY
  end

  def test_copies_of_the_load_path_are_arrays_like_others
    assert_right <<~RUBY
      IT = #{OBJECT}
      $:.dup << IT
      $:.clone << IT
      same(false) { File.exist?("/box/v") }
    RUBY
  end

  def test_nothing_is_patched_before
    assert_right <<~'RUBY'
      before = RubyVM::InstructionSequence.respond_to?(:load_iseq, true)
      $: << "/nowhere"
      require "set"
      same(before) { RubyVM::InstructionSequence.respond_to?(:load_iseq, true) }
      $: << InVFS.stringmap({ "a" => "" })
      same(true) { RubyVM::InstructionSequence.respond_to?(:load_iseq, true) }
    RUBY
  end

  def test_two_objects_with_one_path_and_one_that_moves
    assert_right <<~'RUBY'
      first, second = %w[1 2].map { |text| InVFS.stringmap({ "v" => text }, to_path: "/box") }
      $: << first << second
      same(%w[1 2]) { [read("/box/v"), read("/box@2/v")] }
      same([first, "v"]) { InVFS.locate("/box/v") }
      same([second, "v"]) { InVFS.locate("/box@2/v") }
    RUBY
  end

  def test_a_named_mount_covers_and_uncovers_what_is_adopted
    assert_right <<~'RUBY'
      $: << InVFS.stringmap({ "v" => "adopted" }, to_path: "/box")
      named = InVFS.stringmap({ "v" => "named" })
      InVFS.mount("/box", named)
      same("named") { read("/box/v") }
      same([named, "v"]) { InVFS.locate("/box/v") }
      InVFS.unmount("/box")
      same("adopted") { read("/box/v") }
      same(nil) { InVFS.unmount("/box") }
    RUBY
  end

  # For `require` as for file operations.
  def test_what_is_covered_is_not_searched
    assert_right <<~'RUBY'
      $: << InVFS.stringmap({ "a.rb" => "A = :adopted", "only.rb" => "" }, to_path: "/box")
      InVFS.mount("/box", InVFS.stringmap({ "a.rb" => "A = :named", "new.rb" => "NEW = __FILE__" }))
      same([true, :named]) { [require("a"), A] }
      same([true, "/box/new.rb"]) { [require("new"), NEW] }
      same(LoadError) { require "only" }
      InVFS.unmount("/box")
      same([true, false]) { [require("only"), require("a")] }
    RUBY
  end

  def test_locate_knows_all_mounts
    archive("a.zip", { "lib/v" => "a" })
    assert_right <<~'RUBY'
      zip = InVFS.zip("a.zip")
      InVFS.mount("/named", zip)
      InVFS.mount("/written", zip, writable: "#{DIR}/upper")
      block = proc { |op, *| "x" if op == :read }
      InVFS.mount("/block", block)
      same([[zip, "lib/v"]] * 2) { ["/named/lib/v", "/written/lib/v"].map { |path| InVFS.locate(path) } }
      same([block, "v"]) { InVFS.locate("/block/v") }
    RUBY
  end
end
