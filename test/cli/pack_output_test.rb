# frozen_string_literal: true

# What `invfs pack` replaces and what it does not, and archives on standard output.
require_relative "cli_helper"
require "pty"

class PackOutputTest < Minitest::Test
  include CLIHelper

  def setup
    super
    write({ "main.rb" => "puts 'hello'\n" })
  end

  def test_a_file_that_is_no_archive_is_not_replaced
    source = File.read(path("app/main.rb"))
    File.symlink("app/main.rb", path("link"))
    [%w[app/main.rb], %w[link], %w[app/main.rb --dry-run], %w[app/main.rb -q]].each do |output, *options|
      assert_failure invfs("pack", "app", "-o", output, *options), 1, /exists and is no zip archive; --force replaces it/
      assert_equal source, File.read(path("app/main.rb"))
    end
    assert_raises(InVFS::PackError) { InVFS.pack(path("app"), path("app/main.rb")) }
  end

  def test_force
    File.write(path("notes"), "text")
    assert_success invfs("pack", "app", "-o", "notes", "--force"), /^notes: /
    assert_equal %w[main.rb], names("notes")
  end

  def test_archives_and_empty_files_are_replaced
    pack(out: "whole.zip")
    File.binwrite(path("damaged.zip"), File.binread(path("whole.zip")).tap { |bytes| bytes[-30] = "\xFF".b })
    File.write(path("empty.zip"), "")
    %w[whole damaged empty].each do |name|
      assert_success invfs("pack", "app", "-o", "#{name}.zip"), /^#{name}\.zip: /
      assert_equal %w[main.rb], names("#{name}.zip")
    end
  end

  def test_only_files_are_replaced
    Dir.mkdir(path("directory"))
    File.mkfifo(path("pipe"))
    { "directory" => /Is a directory.*directory/, "pipe" => /no regular file/, "/dev/null" => /no regular file/ }.each do |output, message|
      [[], %w[--force], %w[--dry-run]].each { |options| assert_failure invfs("pack", "app", "-o", output, *options), 1, message }
    end
    assert_equal ["fifo", "characterSpecial"], [path("pipe"), "/dev/null"].map { |file| File.ftype(file) }
  end

  # name => arguments and what goes wrong.
  REFUSED = {
    "a directory that is missing" => [%w[-o none/app.zip], /none/],
    "a name that does not belong in an archive" => [%w[], /backslash/, { "a\\b" => "" }],
    "a link that leads out" => [%w[], /leads to/, { "link" => :"/etc/passwd" }],
    "a main script that is missing" => [%w[--main none.rb], /not among the files/]
  }.freeze

  REFUSED.each do |what, (options, message, files)|
    define_method("test_a_dry_run_refuses_#{what.tr(" ", "_")}") do
      write(files) if files
      outcomes = [[], %w[-n]].map { |dry| invfs("pack", "app", *options, *dry) }
      outcomes.each { |outcome| assert_failure outcome, 1, message }
      assert_equal(*outcomes.map(&:stderr))
      assert_equal %w[app], tree
    end
  end

  def test_a_dry_run_refuses_a_file_that_cannot_be_read
    skip "root reads everything" if Process.uid.zero?

    File.chmod(0, path("app/main.rb"))
    [[], %w[-n]].each { |dry| assert_failure invfs("pack", "app", *dry), 1, /Permission denied/ }
  end

  def test_a_name_that_does_not_belong_in_an_archive
    write({ "lib/a\\b" => "", "c" => "" })
    [[], %w[-n]].each do |options|
      assert_failure invfs("pack", "app", *options), 1, %r{#{@dir}/app/lib/a\\b: the name holds a backslash; --exclude leaves it out$}
    end
    assert_equal %w[app], tree
    assert_success invfs("pack", "app", "--exclude", 'lib/a\\\\b'), /; left out: 1 \(--exclude 1\)/
  end

  # Root may read everything on disk, but not what a file system refuses.
  def test_what_may_not_be_read
    skip "mounts are for Linux" unless RUBY_PLATFORM.include?("linux")
    files = Class.new(InVFS::Base) do
      def list(at) = at == "/" ? %w[a secret] : nil
      def stat(at) = list(at) ? { directory: true } : { size: 1 }
      def read(at) = at == "/secret" ? raise(Errno::EACCES) : "A"
    end
    InVFS.mount(path("files"), files.new)
    error = assert_raises(Errno::EACCES) { InVFS.pack(path("files"), path("x.zip")) }
    assert_match(%r{#{path("files")}/secret; --exclude leaves it out\z}, error.message)
    InVFS.pack(path("files"), path("x.zip"), exclude: %w[secret])
    assert_equal({ "a" => "A" }, contents("x.zip"))
  ensure
    InVFS.unmount(path("files"))
  end

  def test_a_file_that_starts_by_itself
    write({ "main.rb" => "p ARGV, __FILE__", "bin" => "" })
    assert_success invfs("pack", "app", "--shebang", "-o", "out"), /^out: /
    assert File.binread(path("out")).start_with?("#!/usr/bin/env -S invfs run\nPK")
    assert_equal 0o111, File.stat(path("out")).mode & 0o111
    assert_equal %w[bin main.rb], names("out")
    assert_success invfs("verify", "out"), /all good/
    assert_success invfs("compile", "out")
    FileUtils.mkdir(path("path"))
    File.write(path("path/invfs"), "#!/bin/sh\nexec #{RbConfig.ruby} #{EXE} \"$@\"\n", perm: 0o755)
    outcome = RubyProcess.run("-e", "puts `./out 'a b' --help`", chdir: @dir, env: { "PATH" => "#{path("path")}:#{ENV.fetch("PATH")}" })
    assert_success outcome, "[\"a b\", \"--help\"]\n\"#{@dir}/out/main.rb\"\n"
  end

  def test_standard_output
    outcome = invfs("pack", "app", "-o", "-", "--list")
    assert_equal 0, outcome.status, outcome
    assert_match(/\Aapp is a directory\nmain\.rb\n-: \d+ B; 1 file, 13 B\n\z/, outcome.stderr)
    pack
    assert_equal File.binread(path("app.zip")), outcome.stdout.b
    assert_success invfs("pack", "app", "-o", "-", "-q", "-n"), ""
    assert_equal %w[app app.zip], tree
  end

  def test_no_archive_for_a_terminal
    PTY.open do |terminal, slave|
      pid = spawn(RbConfig.ruby, EXE, "pack", path("app"), "-o", "-", out: slave, err: path("err"))
      slave.close
      assert_equal 2, Process.wait2(pid)[1].exitstatus
      assert_match(/standard output is a terminal/, File.read(path("err")))
      terminal.close
    end
  end
end
