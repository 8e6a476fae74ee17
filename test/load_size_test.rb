# frozen_string_literal: true

# RUBY_REQUIRE_INVFS_MAX_LOADSIZE: how it is read, and what happens to files at the limit and above.
require_relative "test_helper"

class LoadSizeTest < Minitest::Test
  include Differential

  KIB = 1024
  MIB = 1024 * KIB
  DEFAULT = 2 * MIB
  LEAST = 256 * KIB
  MOST = 64 * MIB
  VARIABLE = "RUBY_REQUIRE_INVFS_MAX_LOADSIZE"

  # What is mounted by name is for Ruby alone to load.
  LIMITED = Trees::KINDS - [:mount]

  # The rule of 0.3: the longest beginning that is a number with k, m or g, i and b after it; no such beginning is 0.
  # Only when the variable is not set at all the default holds.
  READINGS = {
    nil => DEFAULT, "" => LEAST, " " => LEAST, "abc" => LEAST, "k" => LEAST, "-1m" => LEAST, "m1" => LEAST, "." => LEAST,
    "0" => LEAST, "1" => LEAST, "255k" => LEAST, "256k" => LEAST, "262144" => LEAST, "262145" => LEAST + 1, "1.5" => LEAST,
    "0x100000" => LEAST, "1e6" => LEAST, "1 m" => LEAST, " 300 kb " => LEAST, "300_000" => LEAST, "+1m" => LEAST,
    "257k" => 257 * KIB, " 300kb " => 300 * KIB, "300KiB" => 300 * KIB, "300K" => 300 * KIB, "300ki" => 300 * KIB,
    "1m" => MIB, "1MB" => MIB, "1MiB" => MIB, "1mm" => MIB, "1.5M" => MIB * 3 / 2, "1.0005m" => 1_049_100, ".5m" => LEAST,
    "2097152" => DEFAULT, "2097152b" => DEFAULT, "2097153.6" => DEFAULT + 2, "3m5k" => 3 * MIB,
    "64m" => MOST, "64mib" => MOST, "67108864" => MOST, "67108863" => MOST - 1, "67108865" => MOST, "65m" => MOST,
    "1g" => MOST, "1GiB" => MOST, "0.0625g" => MOST, "0.06g" => 64_424_509, "999999999999999999999g" => MOST
  }.freeze

  READINGS.each do |value, limit|
    define_method("test_the_value_#{value.inspect.gsub(/\W+/, "_")}_#{READINGS.keys.index(value)}") do
      outcome = RubyProcess.run(*RubyProcess::INVFS, "-e", "p InVFS::MAX_LOADSIZE", env: { VARIABLE => value })
      assert_equal "#{limit}\n", outcome.stdout, outcome
    end
  end

  def test_the_constants_of_the_rule
    assert_equal [DEFAULT, LEAST, MOST],
                 [InVFS::DEFAULT_MAX_LOADSIZE, InVFS::MINIMAL_MAX_LOADSIZE, InVFS::MAXIMAM_MAX_LOADSIZE]
  end

  def test_a_change_after_the_start_changes_nothing
    assert_in_each_vfs({ "a.rb" => source(DEFAULT) }, <<~RUBY, "true\n#{DEFAULT}\n")
      ENV["#{VARIABLE}"] = "256k"
      p require("a"), InVFS::MAX_LOADSIZE
    RUBY
  end

  def test_a_file_of_exactly_the_limit_is_loaded
    assert_in_each_vfs({ "a.rb" => source(DEFAULT) }, "p require('a'), A, load('a.rb')", "true\n1\ntrue\n")
  end

  CALLS = ["require 'a'", "require 'a.rb'", "load 'a.rb'", "require ROOT + '/a'", "require ROOT + '/a.rb'",
           "load ROOT + '/a.rb'", "require 'b'", "A"].freeze

  CALLS.each_with_index do |call, index|
    define_method("test_a_file_of_one_byte_more_is_refused_with_the_way_out_#{index}") do
      files = { "a.rb" => source(DEFAULT + 1), "b.rb" => "require_relative 'a'" }
      assert_in_each_vfs(files, <<~RUBY, "LoadError\ntrue\ntrue\ntrue\n[]\n", kinds: LIMITED)
        autoload :A, "a"
        begin
          #{call}
        rescue LoadError => e
          puts e.class, e.message.include?("\#{ROOT}/a.rb"), e.message.include?("#{VARIABLE}"), e.message.include?("#{DEFAULT}")
        end
        p Probe.features
      RUBY
    end
  end

  def test_a_file_that_is_too_large_is_passed_over
    files = { "a.rb" => source(DEFAULT + 1) }
    { trees: { real: { "a.rb" => "puts __FILE__" } }, on_disk: { real: { "a.rb" => "puts __FILE__" } } }.each do |how, tree|
      assert_in_each_vfs(files, "p require('a')", "<real>/a.rb\ntrue\n", how => tree, push: %i[real main], kinds: LIMITED)
    end
  end

  def test_a_file_that_is_too_large_comes_before_an_extension_in_the_search_and_is_passed_over_too
    extension = { "a.so" => "not a shared object" }
    assert_in_each_vfs({ "a.rb" => source(DEFAULT + 1) }, <<~RUBY, "true\n", trees: { other: extension }, push: %i[other main], kinds: LIMITED)
      begin
        require "a"
      rescue LoadError => e
        p e.message.include?("\#{ROOTS[:other]}/a.so")
      end
    RUBY
  end

  def test_extensions_count_too
    at_limit = { "a.so" => "x" * DEFAULT }
    above = { "a.so" => "x" * (DEFAULT + 1) }
    program = <<~RUBY
      begin
        require "a"
      rescue LoadError => e
        p e.message.include?("#{VARIABLE}"), e.message.include?("a.so")
      end
    RUBY
    assert_in_each_vfs(at_limit, program, "false\ntrue\n", kinds: %i[zip_fs string_map_fs user_vfs])
    assert_in_each_vfs(above, program, "true\ntrue\n", kinds: LIMITED)
  end

  def test_the_limit_can_be_raised_and_lowered
    { "3m" => [3 * MIB, 3 * MIB + 1], "256k" => [LEAST, LEAST + 1] }.each do |value, (fits, too_large)|
      files = { "fits.rb" => source(fits), "large.rb" => source(too_large) }
      assert_in_each_vfs(files, <<~'RUBY', "true\nLoadError\n", env: { VARIABLE => value }, kinds: %i[zip_fs user_vfs])
        p require("fits")
        begin
          require "large"
        rescue LoadError => e
          puts e.class
        end
      RUBY
    end
  end

  def test_files_on_disk_know_no_limit
    on_disk = { real: { "large.rb" => source(DEFAULT + 1) } }
    assert_as_on_disk({ "a.rb" => "puts :a" }, <<~'RUBY', on_disk: on_disk, push: %i[real main], prints: "a\ntrue\ntrue\n")
      require "a"
      p require("large"), load("large.rb")
    RUBY
  end

  def test_mounts_know_no_limit
    skip "mounts are for Linux" unless Trees::MOUNTS
    assert_as_on_disk({ "a.rb" => source(DEFAULT + 1) }, 'p require("a"), load("a.rb"), A', prints: "true\ntrue\n1\n", kinds: [:mount])
  end

  def test_reading_through_the_vfs_knows_no_limit
    Dir.mktmpdir do |directory|
      ZipBuilder.write("#{directory}/box.zip", { "large" => "x" * (DEFAULT + 1) })
      assert_equal DEFAULT + 1, InVFS.zip("#{directory}/box.zip").read("large").bytesize
    end
  end

  private

  # A Ruby file of exactly `size` bytes.
  def source(size)
    head = "A ||= 1\n#"
    head + ("x" * (size - head.bytesize - 1)) + "\n"
  end
end
