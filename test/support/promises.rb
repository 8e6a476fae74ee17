# frozen_string_literal: true

require "fileutils"
require "tmpdir"
require_relative "ruby_process"

# Runs the same steps on a real directory and in a writable mount.
module Promises
  PRELUDE = <<~'RUBY'
    require "fileutils"
    DIR = Dir.pwd
    LOWER = InVFS.stringmap({ "lower" => "1", "d/f" => "2" })
    InVFS.mount("/promises", LOWER, writable: "#{DIR}/upper")
    FileUtils.mkdir_p("#{DIR}/disk/d")
    { "lower" => "1", "d/f" => "2" }.each { |name, text| File.write("#{DIR}/disk/#{name}", text) }

    def attempt
      yield
    rescue SystemCallError => e
      e.class
    end

    # The block gets the root of either side.
    def same(&steps)
      disk, mount = ["#{DIR}/disk", "/promises"].map(&steps)
      disk == mount or abort("#{caller(1, 1)[0]}:\non disk  #{disk.inspect}\nmounted  #{mount.inspect}")
    end
  RUBY

  def setup
    skip "mounts are for Linux" unless RUBY_PLATFORM.include?("linux")
    @dir = File.realpath(Dir.mktmpdir("invfs-promises"))
  end

  def teardown
    FileUtils.rm_rf(@dir) if @dir
  end

  def assert_right(program)
    File.write("#{@dir}/program.rb", "#{PRELUDE}#{program}\nputs :right\n")
    outcome = RubyProcess.run(*RubyProcess::INVFS, "program.rb", chdir: @dir)
    assert_equal ["right\n", "", 0], [outcome.stdout, outcome.stderr, outcome.status], outcome.to_s
  end
end
