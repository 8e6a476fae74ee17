# frozen_string_literal: true

# What gets into an archive, and what is left out.
require_relative "cli_helper"
require "socket"

class PackTest < Minitest::Test
  include CLIHelper

  FILES = {
    "main.rb" => "p 1\n", "lib/a.rb" => "A = 1\n" * 100, "empty" => "", "lib/deep/er/data" => Random.bytes(5000),
    ".hidden" => "x", ".config/y" => "y", "größe/日本.txt" => "ä\xFF\0", "a b/c d" => "spaces", "-dash" => "-",
    "--" => "--", "ab:c" => "colon", "tab\tnew\nline" => "t", "bad\xFF\xFE" => "bytes", "quote\"'`$x" => "q"
  }.freeze

  METHODS = [[nil, nil], ["stored", nil], ["deflate", 0], ["deflate", 12], ["zstd", nil], ["zstd", 19]].freeze

  METHODS.each do |method, level|
    define_method("test_everything_comes_back_#{method}_#{level}") do
      summary = pack(FILES, method: method, level: level)
      assert_equal FILES.transform_keys(&:b).transform_values(&:b), contents.transform_keys(&:b)
      assert_equal [FILES.size, FILES.values.sum(&:bytesize), File.size(path("app.zip"))],
                   [summary.files, summary.bytes, summary.archive_size]
      assert_empty summary.left_out
      assert_predicate InVFS::Pack.check(path("app.zip")), :good?
    end
  end

  def test_methods
    pack({ "text" => "again " * 100, "short" => "x" }, method: "zstd")
    assert_equal %w[zstd stored], [entry("text").compression, entry("short").compression]
    pack(method: "deflate")
    assert_equal "deflate", entry("text").compression
    pack(method: "stored")
    assert_equal "stored", entry("text").compression
    assert_raises(ArgumentError) { pack(method: "deflate", level: 13) }
    assert_raises(ArgumentError) { pack(method: "lzma") }
  end

  def test_other_programs_read_it
    skip "there is no unzip" unless system("unzip -v", out: File::NULL)

    files = FILES.reject { |name, _| !name.ascii_only? || name.include?("\n") }
    pack(files)
    Dir.mkdir(path("out"))
    assert system("unzip", "-qq", path("app.zip"), "-d", path("out"))
    files.each { |name, content| assert_equal content.b, File.binread(path("out/#{name}")), name }
  end

  def test_python_reads_it
    skip "there is no python3" unless system("python3 --version", out: File::NULL)

    pack({ "größe.txt" => "x", "a" => "again " * 100 })
    code = "import zipfile, sys; z = zipfile.ZipFile(sys.argv[1]); print(z.testzip(), sorted(z.namelist()))"
    assert_equal "None ['a', 'größe.txt']\n", IO.popen({ "PYTHONUTF8" => "1" }, ["python3", "-c", code, path("app.zip")], &:read)
  end

  def test_names_are_sorted_by_their_bytes
    pack({ "b" => "", "a/b" => "", "a.rb" => "", "a-b" => "", "B" => "", "ä" => "" })
    assert_equal ["B", "a-b", "a.rb", "a/b", "b", "ä"], names
  end

  def test_permissions
    write({ "run" => "#!", "read" => "x", "private" => "x" })
    File.chmod(0o700, path("app/run"))
    File.chmod(0o600, path("app/private"))
    pack
    assert_equal [0o755, 0o644, 0o644], %w[run read private].map { |name| entry(name).mode }
  end

  def test_empty_directories
    summary = pack({ "empty/inner/" => nil, "full/a" => "" })
    assert_equal ["empty/inner/", "full/a"], summary.names
    archive = InVFS.zip(path("app.zip"))
    assert archive.directory?("empty/inner")
    assert_equal ["full/a"], archive.entries
    assert_equal 1, summary.files
  end

  def test_an_empty_directory_as_a_whole
    summary = pack({})
    assert_equal 0, summary.files
    assert_empty names
  end

  def test_git_and_the_own_directory_are_left_out
    summary = pack({ ".git/config" => "x", ".git/objects/ab" => "x", "vendor/x/.git" => "gitdir: y", "a" => "", ".gitignore" => "*",
                     ".invfs/main" => "a", "lib/.invfs/x" => "kept" })
    assert_equal %w[.gitignore a lib/.invfs/x], names
    assert_equal [[".git/", :git, 2], [".invfs/", :reserved, 1], ["vendor/x/.git", :git, 1]],
                 summary.left_out.map { |left| [left.name, left.reason, left.count] }
    assert_equal [{ git: 3, reserved: 1 }, 4], [summary.left_out_by_reason, summary.left_out_count]
  end

  def test_what_is_no_file_is_left_out
    write({ "a" => "" })
    File.mkfifo(path("app/pipe"))
    UNIXServer.new(path("app/socket")).close
    summary = pack
    assert_equal %w[a], names
    assert_equal({ special: 2 }, summary.left_out_by_reason)
  end

  def test_the_archive_itself_is_left_out
    write({ "a" => "A" })
    2.times do
      summary = InVFS.pack(path("app"), path("app/out.zip"))
      assert_equal %w[a], names("app/out.zip")
      assert_operator summary.left_out_count, :<=, 1
    end
    File.symlink(path("app"), path("link"))
    assert_equal({ output: 1 }, InVFS.pack(path("link"), path("link/out.zip")).left_out_by_reason)
    assert_equal({ output: 1 }, Dir.chdir(path("app")) { InVFS.pack(".", "out.zip") }.left_out_by_reason)
    assert_equal %w[a], names("app/out.zip")
  end

  def test_the_directory_may_be_a_link_or_relative
    write({ "a" => "A" })
    File.symlink("app", path("link"))
    Dir.chdir(@dir) { InVFS.pack("link", "app.zip") }
    assert_equal({ "a" => "A" }, contents)
  end

  def test_no_directory
    write({ "file" => "" })
    assert_raises(Errno::ENOENT) { InVFS.pack(path("none"), path("app.zip")) }
    assert_raises(Errno::ENOTDIR) { InVFS.pack(path("app/file"), path("app.zip")) }
    assert_raises(TypeError) { InVFS.pack(nil, path("app.zip")) }
    assert_equal %w[app], tree
  end

  def test_names_that_no_archive_should_have
    write({ "a" => "", "back\\slash" => "" })
    error = assert_raises(InVFS::UnsafeNameError) { pack }
    assert_includes error.message, "/back\\slash: the name holds a backslash"
    assert_equal %w[app], tree
    assert_equal 1, pack(exclude: ["*\\\\*"]).files
  end

  def test_a_file_that_cannot_be_read
    write({ "a" => "", "secret" => "x" })
    File.chmod(0, path("app/secret"))
    error = as_nobody { InVFS.pack(path("app"), path("app.zip")) }
    assert_match(/Errno::EACCES.*secret/, error)
    assert_equal %w[app], tree
  end

  def test_a_directory_that_cannot_be_read
    write({ "a" => "", "secret/x" => "x" })
    File.chmod(0, path("app/secret"))
    assert_match(/Errno::EACCES.*secret/, as_nobody { InVFS.pack(path("app"), path("app.zip")) })
    # Nobody has to read what is left out.
    assert_equal "[\"a\"]", as_nobody { InVFS.pack(path("app"), path("app.zip"), exclude: ["secret"]).names }
  ensure
    File.chmod(0o700, path("app/secret"))
  end

  # Runs the block without the rights of root; gives what it returned or raised, inspected.
  def as_nobody
    File.chmod(0o777, @dir)
    reader, writer = IO.pipe
    pid = fork do
      Process::Sys.setresuid(65_534, 65_534, 65_534) if Process.uid.zero?
      writer.write(yield.inspect)
    rescue StandardError => e
      writer.write(e.inspect)
    ensure
      writer.close
      exit!(0)
    end
    writer.close
    Process.wait(pid)
    reader.read
  end

  def test_a_file_that_vanishes
    write({ "a" => "", "b" => "" })
    assert_raises(Errno::ENOENT) do
      InVFS.pack(path("app"), path("app.zip")) { |done, _, _| FileUtils.rm_f(path("app/b")) if done.zero? }
    end
    assert_equal %w[app], tree
  end

  def test_the_main_script
    pack({ "bin/go" => "p 1", "./x" => "" }, main: "bin/go")
    assert_equal({ ".invfs/main" => "bin/go\n", "bin/go" => "p 1", "x" => "" }, contents)
    pack(main: "./bin/go")
    assert_equal "bin/go\n", contents[".invfs/main"]
    ["none", "bin", "../app/bin/go", ""].each do |main|
      assert_raises(InVFS::PackError, main) { pack(main: main) }
    end
    assert_raises(InVFS::PackError) { pack(main: "bin/go", exclude: ["bin"]) }
  end

  def test_a_plan_writes_nothing
    write({ "a" => "A", ".git/x" => "" })
    summary = InVFS::Pack.new(path("app")).plan
    assert_equal [["a"], 1, 1, nil], [summary.names, summary.files, summary.bytes, summary.archive_size]
    assert_equal({ git: 1 }, summary.left_out_by_reason)
    assert_equal %w[app], tree
  end

  def test_progress_counts_up_to_the_end
    write({ "a" => "", "b.rb" => "1", "c/" => nil })
    seen = []
    InVFS.pack(path("app"), path("app.zip"), compile: true) { |*step| seen << step }
    assert_equal [[0, 4, "a"], [1, 4, "b.rb"], [2, 4, "c"], [3, 4, "b.rb"]], seen
  end
end
