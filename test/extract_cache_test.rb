# frozen_string_literal: true

# The cache of InVFS.extract: its defence against others who write there, and how it stays small.
require_relative "test_helper"
require_relative "support/extract_helper"

class ExtractCacheTest < Minitest::Test
  include ExtractHelper

  EXTRACT = 'puts InVFS.extract("app.zip/a"); '
  PROGRAM = "$: << 'app.zip'; #{EXTRACT}".freeze

  def setup
    super
    @root = archive { |zip| zip.add("a", "contents") && zip.add("dir/b", "b") && zip.add("dir/c", "c", mode: 0o100_755) }
  end

  # The file, and one in a directory, after the block has done something to each in the cache.
  def after_tampering
    [InVFS.extract("#{@root}/a"), "#{InVFS.extract("#{@root}/dir")}/b"].each do |path|
      yield path
      again = InVFS.extract(path.end_with?("/b") ? "#{@root}/dir" : "#{@root}/a")
      again = "#{again}/b" if path.end_with?("/b")
      assert_equal path, again
      stat = File.lstat(path)
      assert_equal [true, 0o400, 1], [stat.file?, stat.mode & 0o7777, stat.nlink], path
      assert_equal({ "a" => "contents", "b" => "b" }[File.basename(path)], File.read(path))
    end
    assert_empty Dir.children("#{@cache}/tmp")
  end

  def overwrite(path, text)
    stat = File.stat(path)
    File.chmod(0o600, path)
    File.write(path, text)
    File.chmod(0o400, path)
    File.utime(stat.atime, stat.mtime, path)
  end

  def test_tampering_with_the_same_size_and_time
    after_tampering { |path| overwrite(path, "x" * File.size(path)) }
  end

  def test_truncation
    after_tampering { |path| overwrite(path, "") }
    after_tampering { |path| overwrite(path, File.read(path) + "more") }
  end

  def test_what_was_removed
    after_tampering { |path| File.unlink(path) }
    after_tampering { |path| FileUtils.rm_r(File.dirname(path)) }
  end

  def test_modes_that_were_changed
    after_tampering { |path| File.chmod(0o666, path) }
    after_tampering { |path| File.chmod(0o4500, path) }
    after_tampering { |path| File.chmod(0o777, File.dirname(path)) }
  end

  # One that somebody can change later, with what it should contain now.
  def test_a_symbolic_link_to_the_right_contents
    after_tampering do |path|
      File.rename(path, "#{@dir}/elsewhere#{File.basename(path)}")
      File.symlink("#{@dir}/elsewhere#{File.basename(path)}", path)
    end
    assert_equal ["b", "contents"], %w[b a].map { |name| File.read("#{@dir}/elsewhere#{name}") }, "what the link led to was touched"
  end

  def test_a_symbolic_link_in_the_place_of_the_entry
    after_tampering do |path|
      above = File.dirname(path)
      File.rename(above, "#{@dir}/moved#{File.basename(path)}")
      File.symlink("#{@dir}/moved#{File.basename(path)}", above)
    end
    assert_path_exists "#{@dir}/moveda/a"
  end

  def test_a_hard_link_to_the_right_contents
    after_tampering { |path| File.link(path, "#{@dir}/link#{File.basename(path)}") }
  end

  def test_other_things_in_the_place_of_the_file
    after_tampering { |path| File.unlink(path) && Dir.mkdir(path) && File.write("#{path}/x", "") }
    after_tampering { |path| File.unlink(path) && File.mkfifo(path) }
  end

  def test_more_in_a_directory_than_there_should_be
    path = InVFS.extract("#{@root}/dir")
    [->(name) { File.write(name, "") }, ->(name) { File.symlink("b", name) }, ->(name) { Dir.mkdir(name) }].each do |plant|
      plant.call("#{path}/planted")
      assert_equal path, InVFS.extract("#{@root}/dir")
      assert_equal %w[b c], Dir.children(path).sort
    end
    File.chmod(0o400, "#{path}/c")
    assert_equal 0o500, mode("#{InVFS.extract("#{@root}/dir")}/c")
  end

  # Makes the cache directory as the block does, and asserts that it is not used.
  def assert_not_used
    yield
    before = Dir.glob("#{@dir}/**/*", File::FNM_DOTMATCH)
    outcome = extracting(PROGRAM + 'puts File.read(InVFS.extract("app.zip/a"))')
    path, contents = outcome.stdout.lines(chomp: true)
    assert_equal [0, "contents"], [outcome.status, contents], outcome
    assert_match(/no cache for extracted files: .*#{Regexp.escape(@dir)}/, outcome.stderr)
    refute path.start_with?(@dir), path
    refute_path_exists File.dirname(path, 2), "the private directory was not removed"
    assert_equal before, Dir.glob("#{@dir}/**/*", File::FNM_DOTMATCH)
  end

  def test_a_cache_that_others_can_write
    assert_not_used { Dir.mkdir(@cache) && File.chmod(0o770, @cache) }
    assert_not_used { File.chmod(0o702, @cache) }
  end

  def test_a_cache_below_a_directory_that_others_can_write
    assert_not_used { File.chmod(0o777, @dir) }
  end

  # The sticky bit keeps others from exchanging what is ours.
  def test_a_cache_below_a_sticky_directory
    File.chmod(0o1777, @dir)
    assert_equal "#{@cache}/", extracting(PROGRAM).stdout[0..@cache.size]
  end

  def test_a_link_in_the_place_of_the_cache
    assert_not_used { Dir.mkdir("#{@dir}/real", 0o700) && File.symlink("#{@dir}/real", @cache) }
  end

  def test_a_file_in_the_place_of_the_cache
    assert_not_used { File.write(@cache, "") }
  end

  def test_a_cache_of_somebody_else
    skip "only root can give a directory away" unless Process.euid.zero?
    assert_not_used { Dir.mkdir(@cache, 0o700) && File.chown(65_534, nil, @cache) }
    assert_not_used { FileUtils.rm_r(@cache) && Dir.mkdir(@cache, 0o700) && File.chown(65_534, nil, @dir) }
  end

  def test_a_cache_that_cannot_be_made
    assert_not_used { File.write("#{@dir}/file", "") && @cache = "#{@dir}/file/cache" }
  end

  def test_which_directory_it_is
    home = { "INVFS_CACHE" => nil, "XDG_CACHE_HOME" => nil, "HOME" => "#{@dir}/home" }
    { "#{@dir}/home/.cache/invfs" => {}, "#{@dir}/xdg/invfs" => { "XDG_CACHE_HOME" => "#{@dir}/xdg" },
      "#{@dir}/own" => { "INVFS_CACHE" => "#{@dir}/own", "XDG_CACHE_HOME" => "#{@dir}/xdg" } }.each do |directory, env|
      outcome = extracting(PROGRAM, env: home.merge(env))
      assert_equal "#{directory}/", outcome.stdout[0..directory.size], outcome
      assert_equal 0o700, mode(directory)
    end
    outcome = extracting(PROGRAM, env: home.merge("XDG_CACHE_HOME" => "relative"))
    assert outcome.stdout.start_with?("#{@dir}/home/.cache/invfs/"), outcome
    refute_path_exists "#{@dir}/relative"
  end

  def test_four_processes_at_once
    files = (0...12).to_h { |at| ["f#{at}", "contents #{at} " * 1000] }
    ZipBuilder.write("#{@dir}/many.zip", files)
    program = <<~RUBY
      $: << "many.zip"
      3.times do
        #{files.keys}.shuffle.each do |name|
          path = InVFS.extract("many.zip/\#{name}")
          File.read(path) == "contents \#{name[1..]} " * 1000 or abort "\#{path}: \#{File.size(path)}"
          tree = InVFS.extract("many.zip")
          Dir.children(tree).size == 12 or abort tree
        end
      end
    RUBY
    outcomes = Array.new(4) { Thread.new { extracting(program) } }.map(&:value)
    outcomes.each { |outcome| assert_equal [0, "", ""], outcome.to_a.values_at(2, 0, 1), outcome }
    assert_equal 13, entries.size
    assert_empty Dir.children("#{@cache}/tmp")
  end

  def test_threads
    paths = Array.new(8) { Thread.new { Array.new(5) { [InVFS.extract("#{@root}/a"), InVFS.extract("#{@root}/dir")] }.uniq } }.flat_map(&:value)
    assert_equal 1, paths.uniq.size
    assert_equal 2, entries.size
  end

  def used_by_another_process(names, limit)
    calls = names.map { |name| "InVFS.extract('#{@dir}/#{name}');" }.join
    outcome = extracting("InVFS.extract_cache_limit = #{limit}; $: << '#{@dir}/big.zip'; #{calls}")
    assert_equal 0, outcome.status, outcome
  end

  def names_in_cache = entries.flat_map { |entry| Dir.children("#{@cache}/#{entry}") }.sort

  def test_the_least_recently_used_goes_first
    ZipBuilder.write("#{@dir}/big.zip", (1..5).to_h { |at| ["f#{at}", at.to_s * 100_000] })
    used_by_another_process(%w[big.zip/f1 big.zip/f2 big.zip/f3], 400_000)
    assert_equal %w[f1 f2 f3], names_in_cache
    used_by_another_process(%w[big.zip/f1 big.zip/f4], 400_000)
    assert_equal %w[f1 f3 f4], names_in_cache
    used_by_another_process(%w[big.zip/f5], 200_000)
    assert_equal %w[f5], names_in_cache
  end

  def test_what_a_living_process_uses_stays
    ZipBuilder.write("#{@dir}/big.zip", (1..5).to_h { |at| ["f#{at}", at.to_s * 100_000] })
    mine = InVFS.extract("#{@root}/a")
    used_by_another_process(%w[big.zip/f1 big.zip/f2], 0)
    assert_equal "contents", File.read(mine)
    assert_equal ["a", "f1", "f2"], names_in_cache
    used_by_another_process(%w[big.zip/f3], 0)
    assert_equal ["a", "f3"], names_in_cache
  end

  def test_what_a_forked_child_uses_stays
    skip "no fork here" unless Process.respond_to?(:fork)
    ZipBuilder.write("#{@dir}/big.zip", { "f1" => "1" })
    # The child lives on when its parent has exited, which is when the pipe ends.
    program = <<~RUBY
      $: << "app.zip"
      InVFS.extract("app.zip/a")
      ended, _open = IO.pipe
      fork { _open.close; ended.read; puts "orphaned"; $stdout.flush; $stdin.read }
    RUBY
    command = [RubyProcess::CLEAN.merge("INVFS_CACHE" => @cache), RbConfig.ruby, *RubyProcess::INVFS, "-e", program]
    IO.popen(command, "r+", chdir: @dir) do |child|
      assert_equal "orphaned\n", child.gets
      used_by_another_process(%w[big.zip/f1], 0)
      assert_equal %w[a f1], names_in_cache
    end
  end

  def test_leftovers_of_the_dead_are_removed
    extracting(<<~RUBY)
      $: << "app.zip"
      InVFS.extract("app.zip/a")
      lease, = Dir.children("\#{ENV["INVFS_CACHE"]}/leases")
      Dir.mkdir("\#{ENV["INVFS_CACHE"]}/tmp/\#{lease}-\#{"0" * 24}")
      Process.kill(:KILL, Process.pid)
    RUBY
    assert_equal [1, 1], %w[leases tmp].map { |name| Dir.children("#{@cache}/#{name}").size }
    File.write("#{@cache}/tmp/of somebody", "")
    yesterday = Time.now - 100_000
    File.utime(yesterday, yesterday, "#{@cache}/swept")
    extracting(PROGRAM)
    assert_equal [[], ["of somebody"]], %w[leases tmp].map { |name| Dir.children("#{@cache}/#{name}") }
    assert_operator File.mtime("#{@cache}/swept"), :>, yesterday
    assert_equal ["a"], names_in_cache
  end

  def test_it_is_swept_once_a_day
    extracting(PROGRAM)
    before = File.mtime("#{@cache}/swept")
    extracting(PROGRAM)
    assert_equal before, File.mtime("#{@cache}/swept")
  end

  # The directory may be one that has other things in it.
  def test_what_is_not_of_the_cache_stays
    Dir.mkdir(@cache, 0o700)
    %w[diary 0123 tmp/x].each { |name| FileUtils.mkdir_p("#{@cache}/#{name}") }
    ZipBuilder.write("#{@dir}/big.zip", { "f1" => "1" })
    used_by_another_process(%w[big.zip/f1], 0)
    used_by_another_process([], 0)
    %w[diary 0123 tmp/x].each { |name| assert_path_exists "#{@cache}/#{name}" }
  end

  def test_a_forked_child_extracts_by_itself
    skip "no fork here" unless Process.respond_to?(:fork)
    outcome = extracting(<<~RUBY, env: { "INVFS_CACHE" => "#{@dir}/app.zip/no" })
      $VERBOSE = false
      $: << "app.zip"
      mine = InVFS.extract("app.zip/a")
      Process.wait(fork { his = InVFS.extract("app.zip/a"); puts his == mine, File.read(his) })
      puts File.read(mine)
    RUBY
    assert_equal "false\ncontentscontents", outcome.stdout.delete("\n").sub("false", "false\n"), outcome
  end
end
