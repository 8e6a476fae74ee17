# frozen_string_literal: true

# lib/invfs/native.rb: which library it loads, and its error if there is none or a bad one.
require_relative "packaging_helper"

class LoaderTest < Minitest::Test
  include PackagingHelper

  # Requires invfs from a copy of lib with these libraries, name => content, and shows the LoadError.
  def load_with(libraries)
    Dir.mktmpdir do |dir|
      FileUtils.cp_r("#{ROOT}/lib", dir)
      FileUtils.rm_f(Dir["#{dir}/lib/invfs/{,*/}invfs.*"])
      libraries.each do |name, content|
        FileUtils.mkdir_p(File.dirname("#{dir}/lib/invfs/#{name}"))
        File.binwrite("#{dir}/lib/invfs/#{name}", content)
      end
      outcome = RubyProcess.run("-I#{dir}/lib", "-e", <<~RUBY)
        begin
          require "invfs"
        rescue LoadError => e
          puts e.message
        end
      RUBY
      outcome.to_s.gsub(File.realpath(dir), "<dir>").gsub(dir, "<dir>")
    end
  end

  def test_a_missing_library
    said = load_with({})
    assert_match(/invfs has no native library for Ruby #{RUBY_VERSION} on \S+ \(there is no native library/, said)
    assert_match(/rake compile.*gem install invfs --platform ruby/, said)
  end

  def test_libraries_for_other_rubies_only
    said = load_with("3.0/#{LIBRARY}" => "", "9.9/#{LIBRARY}" => "")
    assert_match(/the native libraries are for Ruby 3\.0, 9\.9 in/, said)
  end

  def test_a_library_that_the_system_refuses_gives_the_systems_own_error_and_what_to_do
    said = load_with(LIBRARY => "this is no library")
    path = %r{<dir>/lib/invfs/#{Regexp.escape(LIBRARY)}}
    assert_match(/^.*#{path}.*\ninvfs: this system cannot load the native library #{path}: .*--platform ruby/, said)
    refute_match(/has no native library/, said)
  end

  def test_a_bad_library_for_this_ruby_is_not_passed_over_in_silence
    said = load_with("#{MINOR}/#{LIBRARY}" => "this is no library", LIBRARY => "nor is this")
    assert_match(%r{<dir>/lib/invfs/#{MINOR}/#{Regexp.escape(LIBRARY)}}, said)
  end

  def test_a_library_elsewhere_in_the_load_path_is_not_taken
    Dir.mktmpdir do |dir|
      FileUtils.mkdir_p("#{dir}/invfs/#{MINOR}")
      ["invfs/#{LIBRARY}", "invfs/#{MINOR}/#{LIBRARY}", LIBRARY].each { |name| File.write("#{dir}/#{name}", "bad") }
      outcome = RubyProcess.run("-I#{dir}", *RubyProcess::INVFS, "-e", "p InVFS::VERSION")
      assert_equal "\"1.0.0.dev\"\n", outcome.stdout, outcome.to_s
    end
  end

  def test_a_second_copy_changes_nothing
    Dir.mktmpdir do |dir|
      FileUtils.cp_r("#{ROOT}/lib", dir)
      outcome = RubyProcess.run(*RubyProcess::INVFS, "-w", "-e", <<~RUBY, dir)
        before = [InVFS::ZipFS, InVFS.handlers, method(:require)]
        $:.unshift(ARGV[0] + "/lib")
        $".reject! { |path| path.include?("/invfs") && path.end_with?(".rb") }
        p require("invfs/zip"), before == [InVFS::ZipFS, InVFS.handlers, method(:require)]
      RUBY
      assert_equal ["true\ntrue\n", "", 0], [outcome.stdout, outcome.stderr, outcome.status]
    end
  end
end
