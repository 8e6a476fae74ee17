# frozen_string_literal: true

# Gives every test of InVFS.extract its own cache, and archives in $:.
require_relative "trees"
require "digest"
require "fileutils"
require "pathname"
require "tmpdir"

module ExtractHelper
  def setup
    # Not in /tmp itself, whose owner and sticky bit depend on the machine.
    @dir = File.realpath(Dir.mktmpdir("invfs-extract"))
    @cache = "#{@dir}/cache"
    @load_path = $LOAD_PATH.dup
    $LOAD_PATH.unshift("#{@dir}/nothing")
    InVFS.register(InVFS::ZipFS)
    InVFS.extract_cache = @cache
  end

  def teardown
    $LOAD_PATH.replace(@load_path)
    InVFS.extract_cache = nil
    InVFS.extract_cache_limit = 256 << 20
    FileUtils.rm_rf(@dir)
  end

  # An archive in $:. Returns its root.
  def archive(name = "app.zip", &block)
    path = "#{@dir}/#{name}"
    File.binwrite(path, ZipBuilder.build(&block))
    $LOAD_PATH << path
    path
  end

  # Contents under a root, in $:.
  def in_load_path(entry)
    $LOAD_PATH.unshift(entry)
    yield
  ensure
    $LOAD_PATH.shift
  end

  def mode(path) = File.lstat(path).mode & 0o7777

  def entries = Dir.exist?(@cache) ? Dir.children(@cache).grep(/\A\h{64}/).sort : []

  # Runs a program in its own process, with invfs and the cache; @dir is its directory.
  def extracting(program, env: {})
    RubyProcess.run("-w", *RubyProcess::INVFS, "-e", program, env: { "INVFS_CACHE" => @cache }.merge(env), chdir: @dir)
  end
end
