# frozen_string_literal: true

# Symbolic links in the packed directory.
require_relative "cli_helper"

class LinksTest < Minitest::Test
  include CLIHelper

  # The stored target of a link.
  def target(name) = Zip.targets(File.binread(path("app.zip"))).fetch(name.b)

  # The contents of stored links, which ZipFS follows.
  module Zip
    def self.targets(bytes)
      bytes.b.enum_for(:scan, /PK\x03\x04.{22}(..)(..)/mn).to_h do
        match = Regexp.last_match
        name_size, extra = match[1].unpack1("v"), match[2].unpack1("v")
        rest = bytes.b[match.end(0)..]
        [rest[0, name_size], rest[name_size + extra..][/\A.*?(?=PK\x07\x08)/mn]]
      end
    end
  end

  # link => [where it leads on disk, what the archive holds]
  INSIDE = {
    "to_file" => ["lib/a.rb", "lib/a.rb"],
    "lib/beside" => ["a.rb", "a.rb"],
    "lib/deep/up" => ["../../top", "../../top"],
    "to_directory" => ["lib", "lib"],
    "dotted" => ["./lib/./a.rb", "./lib/./a.rb"],
    "lib/through" => ["../to_directory/a.rb", "../to_directory/a.rb"],
    "crooked" => ["lib/../top", "top"],
    "lib/out_and_in" => ["../../app/top", "../top"],
    "root" => [".", "."],
    "lib/deep/root" => ["../..", "../.."],
    "nowhere" => ["no/such", "no/such"],
    "tilde" => ["~/x", "~/x"],
    "loop" => ["loop", "loop"],
    "ring" => ["lib/ring", "lib/ring"],
    "lib/ring" => ["../ring", "../ring"]
  }.freeze

  FILES = { "lib/a.rb" => "A", "lib/deep/b" => "B", "top" => "T" }.freeze

  def test_links_inside_stay_links
    summary = pack(FILES.merge(INSIDE.transform_values { |to, _| to.to_sym }))
    INSIDE.each do |name, (_, stored)|
      assert_predicate entry(name), :symlink?, name
      assert_equal stored, target(name), name
    end
    assert_equal FILES.size + INSIDE.size, summary.files
    archive = InVFS.zip(path("app.zip"))
    %w[to_file lib/beside dotted lib/through].each { |name| assert_equal "A", archive.read(name), name }
    %w[lib/deep/up crooked lib/out_and_in lib/deep/root/top root/top].each { |name| assert_equal "T", archive.read(name), name }
    check = InVFS::Pack.check(path("app.zip"))
    assert_predicate check, :good?, check.problems
    assert_equal %w[lib/ring loop nowhere ring tilde], check.dangling.sort
  end

  def test_an_absolute_link_inside_becomes_relative
    write(FILES)
    { "x" => "app/top", "lib/deep/y" => "app/lib/a.rb", "lib/z" => "app", "lib/none" => "app/lib/none2" }.each do |name, to|
      File.symlink(path(to), path("app/#{name}"))
    end
    pack
    assert_equal %w[top ../a.rb .. none2], %w[x lib/deep/y lib/z lib/none].map { |name| target(name) }
    archive = InVFS.zip(path("app.zip"))
    assert_equal %w[T A], [archive.read("x"), archive.read("lib/deep/y")]
  end

  OUTSIDE = ["../other/o", "/etc/passwd", "../no/such", "lib/../../other/o", "..", "../app2", "/"].freeze

  OUTSIDE.each_with_index do |to, index|
    define_method("test_a_link_outside_is_refused_#{index}") do
      write({ "o" => "O" }, "other")
      write({ "x" => "" }, "app2")
      write({ "lib/a" => "", "link" => to.to_sym })
      error = assert_raises(InVFS::PackError) { pack }
      [path("app/link"), to, "--follow", "--exclude"].each { |part| assert_includes error.message, part }
      assert_equal %w[app app2 other], tree
      assert_equal 1, pack(exclude: ["link"]).files
    end
  end

  def test_a_link_outside_by_way_of_another_link
    write({ "o" => "O" }, "other")
    write({ "first" => :"../other", "second" => :"first/o", "a" => "" })
    assert_raises(InVFS::PackError) { pack(exclude: ["first"]) }
  end

  def test_follow
    write({ "o" => "O", "deep/p" => "P", "deep/up" => :"../o", "deep/home" => :"../../app/lib/a.rb" }, "other")
    write({ "lib/a.rb" => "A", "lib/file" => :"../../other/o", "lib/tree" => :"../../other", "lib/beside" => :"a.rb" })
    summary = pack(follow: true)
    assert_equal %w[lib/a.rb lib/beside lib/file lib/tree/deep/home lib/tree/deep/p lib/tree/deep/up lib/tree/o], summary.names
    assert_equal %w[A A O A P O O], summary.names.map { |name| contents[name] }
    links = summary.names.select { |name| entry(name).symlink? }
    assert_equal %w[lib/beside lib/tree/deep/home], links
    assert_equal "../../a.rb", target("lib/tree/deep/home")
  end

  def test_follow_keeps_permissions_and_obeys_the_globs
    write({ "run" => "#!", "x.md" => "", "sub/y" => "" }, "other")
    File.chmod(0o755, path("other/run"))
    write({ "tree" => :"../other" })
    assert_equal %w[tree/run], pack(follow: true, exclude: ["*.md", "/tree/sub"]).names
    assert_equal 0o755, entry("tree/run").mode
    assert_equal %w[tree/sub/y], pack(follow: true, include: ["sub"]).names
    assert_equal [], pack(follow: true, exclude: ["tree"]).names
  end

  def test_following_in_circles
    write({ "back" => :".", "x" => "" }, "other")
    write({ "out" => :"../other" })
    error = assert_raises(InVFS::PackError) { pack(follow: true) }
    assert_includes error.message, "back"
    write({ "up" => :".." }, "app2")
    assert_raises(InVFS::PackError) { InVFS.pack(path("app2"), path("app2.zip"), follow: true) }
    assert_equal %w[app app2 other], tree
  end

  def test_following_to_nothing
    write({ "link" => :"../none" })
    assert_raises(Errno::ENOENT) { pack(follow: true) }
  end

  def test_the_root_of_the_file_system_needs_no_special_case
    links = InVFS::Pack.const_get(:Links).new("/")
    File.symlink("/usr/bin/env", path("abs"))
    assert_equal "../usr/bin/env", links.target("a/abs", path("abs"), moved: true)
  end
end
