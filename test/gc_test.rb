# frozen_string_literal: true

# require and its relatives while the garbage collector runs at every allocation, moves objects, or both.
require_relative "test_helper"
require_relative "support/native_build"

class GCTest < Minitest::Test
  include Differential

  FILES = {
    "a.rb" => "require_relative 'd/b'\nautoload :C, 'c'\nA = [__FILE__, __dir__, C, \"x\#{1}\"]",
    "d/b.rb" => "B = :b", "c.rb" => "C = \"c\"", "l.rb" => "$loads = $loads.to_i + 1", "r.rb" => "raise 'r'",
    "n.rb" => "require 'no_such_thing'", "s.rb" => "end"
  }.freeze

  PROGRAM = <<~'RUBY'
    p require("a"), require("a"), A, require("#{ROOT}/d/b.rb"), load("l.rb"), load("l.rb", true), $loads
    %w[r n s].each do |name|
      require name
    rescue Exception => e
      puts e.class, e.message.lines.first
    end
    p $LOAD_PATH.resolve_feature_path("l")
    $:.delete(ENTRY)
    Probe.attempt { require("only") }
    p Probe.features
  RUBY

  # Under stress each allocation is a full collection: few kinds unless asked for, and nothing loaded that is not needed.
  BARE = ["--disable-gems"].freeze
  KINDS = ENV["INVFS_GC_STRESS"] == "1" ? Trees::KINDS : %i[zip_fs user_vfs]

  def test_under_stress
    assert_as_on_disk(FILES, PROGRAM, stress: true, ruby: BARE, kinds: KINDS)
  end

  def test_with_collections_between
    assert_as_on_disk(FILES, between("GC.start"), kinds: KINDS)
  end

  def test_with_compaction_between
    skip "this Ruby cannot compact" unless compacts?
    assert_as_on_disk(FILES, between("GC.compact"), kinds: KINDS)
  end

  def test_with_automatic_compaction_under_stress
    skip "this Ruby cannot compact by itself" unless compacts? && GC.respond_to?(:auto_compact=)
    program = "GC.auto_compact = true\np require('a'), A, load('l.rb'), require('l'), Probe.features"
    assert_as_on_disk(FILES, program, stress: true, ruby: BARE, kinds: KINDS)
  end

  def test_references_after_everything_moved
    skip "this Ruby cannot compact" unless compacts? && GC.respond_to?(:verify_compaction_references)
    arguments = RUBY_VERSION < "3.2" ? "toward: :empty, double_heap: true" : "toward: :empty, expand_heap: true"
    assert_as_on_disk(FILES, <<~RUBY, kinds: KINDS)
      #{PROGRAM}
      GC.verify_compaction_references(#{arguments})
      $: << ENTRY
      p require("a"), load("l.rb")
      GC.verify_compaction_references(#{arguments})
      p require("l"), A
    RUBY
  end

  def test_objects_of_the_api_after_compaction
    skip "this Ruby cannot compact" unless compacts?
    assert_in_each_vfs(FILES.merge("x.rb" => "x"), <<~'RUBY', "true\n", kinds: %i[zip_fs string_map_fs union_fs sub_fs])
      map = InVFS.stringmap({ "m" => "mm" })
      union = InVFS.union(ENTRY, map)
      sub = union.sub("d")
      kept = Array.new(1000) { +"garbage" }.each_slice(2).map(&:first)
      GC.compact
      p union.read("m") == "mm" && sub.read("b.rb") == "B = :b" && union.dirs[1].equal?(map) && sub.parent.equal?(union) && kept.any?
    RUBY
  end

  def test_threads_under_stress
    files = (0...6).to_h { |index| ["f#{index}.rb", "F#{index} = #{index}"] }
    assert_as_on_disk(files, <<~'RUBY', stress: true, ruby: BARE, kinds: %i[zip_fs user_vfs], prints: "6\n6\n")
      p Array.new(4) { Thread.new { (0...6).count { |index| require("f#{index}") } } }.sum(&:value)
      p Probe.features.size
    RUBY
  end

  def test_an_extension_under_stress
    skip NativeBuild.unavailable if NativeBuild.unavailable
    files = { "tiny.#{NativeBuild::DLEXT}" => NativeBuild.extension("tiny") }
    assert_as_on_disk(files, "p require('tiny'), Tiny.answer", stress: true, ruby: BARE, kinds: %i[zip_fs string_map_fs])
  end

  def test_handlers_and_archives_in_the_load_path_under_stress
    assert_as_on_disk(FILES, <<~'RUBY', stress: true, ruby: BARE, push: [], kinds: %i[archive_path path_into_archive])
      $: << ROOT
      p require("a"), require("d/b"), load("l.rb")
    RUBY
  end

  def test_nothing_is_left_behind_by_many_loads
    assert_in_each_vfs({ "l.rb" => "$n = $n.to_i + 1" }, <<~'RUBY', "3000\ntrue\n", kinds: %i[zip_fs user_vfs])
      1000.times { load "l.rb" }
      GC.start
      before = ObjectSpace.count_objects[:T_DATA] + ObjectSpace.count_objects[:T_IMEMO]
      2000.times { load "l.rb" }
      GC.start
      p $n, ObjectSpace.count_objects[:T_DATA] + ObjectSpace.count_objects[:T_IMEMO] < before + 500
    RUBY
  end

  private

  # PROGRAM with `statement` before each line that is a statement of its own.
  def between(statement)
    PROGRAM.gsub(/^(?=p |\$:|Probe)/, "#{statement}\n")
  end

  def compacts?
    GC.respond_to?(:compact) && RubyProcess.run("-e", "GC.compact; print 1").stdout == "1"
  end
end
