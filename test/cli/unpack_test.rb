# frozen_string_literal: true

# `invfs unpack`: what an archive holds is on disk again, and nothing is written where it does not belong.
require_relative "cli_helper"

class UnpackTest < Minitest::Test
  include CLIHelper

  FILES = { "lib/a.rb" => "p 1", "exe/run" => "#!/bin/sh\n", "empty/" => nil, "link" => :"lib/a.rb", "lib/up" => :"../exe", "n\xFF" => "" }.freeze

  # name => what it is, for everything below a directory.
  def state(under)
    Dir.chdir(path(under)) do
      Dir.glob("**/*", File::FNM_DOTMATCH).reject { |name| name.end_with?(".") }.sort_by(&:b).to_h do |name|
        next [name.b, File.readlink(name)] if File.symlink?(name)

        [name.b, File.directory?(name) ? :directory : [File.binread(name), File.stat(name).mode & 0o111 != 0]]
      end
    end
  end

  def test_what_was_packed_is_there_again
    write(FILES)
    File.chmod(0o755, path("app/exe/run"))
    before = state("app")
    pack(compile: true, out: "out.zip")
    assert_success invfs("unpack", "out.zip"), "out: 5 files, 13 B\n"
    assert_equal before, state("out")
    assert_equal InVFS::Pack::TIME, File.mtime(path("out/lib/a.rb")).to_i
    InVFS.pack(path("out"), path("again.zip"), compile: true)
    assert_equal File.binread(path("out.zip")), File.binread(path("again.zip"))
  end

  def test_where_to
    pack({ "a" => "A" })
    FileUtils.mkdir_p(path("there/empty"))
    assert_success invfs("unpack", "app.zip", "-d", "there/empty"), "there/empty: 1 file, 1 B\n"
    assert_success invfs("unpack", "app.zip", "-q", "--directory", "new/deep"), ""
    assert_equal({ "a" => ["A", false] }, state("new/deep"))
    File.rename(path("app.zip"), path("archive"))
    assert_failure invfs("unpack", "archive"), 2, /--directory is missing: archive does not end in \.zip/
  end

  def test_a_directory_that_is_not_empty
    pack({ "a" => "new", "d/b" => "B" })
    write({ "a" => "old", "other" => "", "d/b" => :"../outside" }, "there")
    File.write(path("outside"), "safe")
    assert_failure invfs("unpack", "app.zip", "-d", "there"), 1, /there is not empty; --force writes into it/
    assert_equal "old", File.read(path("there/a"))
    assert_success invfs("unpack", "app.zip", "-d", "there", "--force"), "there: 2 files, 4 B\n"
    assert_equal({ "a" => ["new", false], "d" => :directory, "d/b" => ["B", false], "other" => ["", false] }, state("there"))
    assert_equal "safe", File.read(path("outside"))
  end

  def test_nothing_is_written_through_a_link_on_disk
    pack({ "d/b" => "B" })
    write({ "d" => :"../elsewhere" }, "there")
    FileUtils.mkdir(path("elsewhere"))
    assert_failure invfs("unpack", "app.zip", "-d", "there", "--force"), 1, %r{there/d: a symbolic link is where a directory belongs}
    assert_empty tree("elsewhere")
  end

  def test_a_file_where_the_directory_should_be
    pack({ "a" => "A" })
    File.write(path("there"), "")
    assert_failure invfs("unpack", "app.zip", "-d", "there"), 1, /File exists.*there/
  end

  def test_what_is_broken_is_left_out
    bytes = ZipBuilder.build { |zip| { "a" => "good", "b" => "broken", "c\\d" => "", "e" => "fine" }.each { |name, text| zip.add(name, text) } }
    bytes[bytes.index("broken")] = "B"
    File.binwrite(path("app.zip"), bytes)
    outcome = invfs("unpack", "app.zip")
    assert_equal [1, "app: 2 files, 8 B\n"], [outcome.status, outcome.stdout]
    assert_match(/^invfs: app\.zip: b: .*\n/, outcome.stderr)
    assert_match(/^invfs: app\.zip: c\\d: the name holds a backslash\n/, outcome.stderr)
    assert_equal %w[a e], tree("app")
  end

  def test_links_that_lead_out
    links = { "up" => "../x", "absolute" => "/etc/passwd", "round" => "d/../../x", "in" => "d/file", "d/in" => "../d/file" }
    bytes = ZipBuilder.build do |zip|
      zip.add("d/file", "F")
      links.each { |name, target| zip.add(name, target, mode: 0o120777) }
    end
    File.binwrite(path("app.zip"), bytes)
    outcome = invfs("unpack", "app.zip")
    assert_equal 1, outcome.status, outcome
    assert_equal({ "d" => :directory, "d/file" => ["F", false], "d/in" => "../d/file", "in" => "d/file" }, state("app"))
    %w[up absolute round].each { |name| assert_match(/^invfs: app\.zip: #{name}: the link leads out of the archive, to /, outcome.stderr) }
  end

  def test_the_umask_counts
    pack({ "a" => "A" })
    before = File.umask(0o077)
    InVFS::Pack.unpack(path("app.zip"), path("there"))
    assert_equal 0o600, File.stat(path("there/a")).mode & 0o777
  ensure
    File.umask(before)
  end
end
