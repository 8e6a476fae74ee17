# frozen_string_literal: true

# The patterns of --exclude, --include and .invfsignore; the latter are compared with git if it is installed.
require_relative "cli_helper"
require "open3"

class GlobsTest < Minitest::Test
  include CLIHelper

  FILES = %w[a.md b.rb README.md lib/a.rb lib/a.md lib/deep/er/x.rb lib/deep/y.md .hidden .dot/x spec/a_spec.rb
             spec/fixtures/f.txt log/x.log log.txt x/log/y café.txt cafe.txt doc/a/b/p.png doc/p.png #hash !bang
             a\ b \ lead trail\  {a,b} [x].txt x.txt -dash].freeze

  # pattern(s) => what is left out
  GLOBS = {
    "*.md" => %w[a.md README.md lib/a.md lib/deep/y.md],
    "/*.md" => %w[a.md README.md],
    "lib/*.md" => %w[lib/a.md],
    "lib/**/*.md" => %w[lib/a.md lib/deep/y.md],
    "**/deep" => %w[lib/deep/er/x.rb lib/deep/y.md],
    "deep/er" => [],
    "lib" => %w[lib/a.rb lib/a.md lib/deep/er/x.rb lib/deep/y.md],
    "lib/" => %w[lib/a.rb lib/a.md lib/deep/er/x.rb lib/deep/y.md],
    "lib/**" => %w[lib/a.rb lib/a.md lib/deep/er/x.rb lib/deep/y.md],
    "b.rb/" => [],
    "log" => %w[log/x.log x/log/y],
    "/log" => %w[log/x.log],
    "caf?.txt" => %w[café.txt cafe.txt],
    "[a-b].*" => %w[a.md b.rb lib/a.rb lib/a.md],
    "[!a].rb" => %w[b.rb lib/deep/er/x.rb],
    ".*" => %w[.hidden .dot/x],
    "doc/**/p.png" => %w[doc/a/b/p.png doc/p.png],
    "a b" => ["a b"],
    "\\[x].txt" => ["[x].txt"],
    "*" => FILES,
    "-dash" => %w[-dash],
    "nothing" => []
  }.freeze

  GLOBS.each_with_index do |(glob, expected), index|
    define_method("test_exclude_#{index}") do
      write(FILES.to_h { |name| [name, ""] })
      left = FILES - InVFS.pack(path("app"), path("out.zip"), exclude: [glob]).names.map { |name| name.force_encoding("UTF-8") }
      assert_equal expected.sort, left.sort, glob
      included = InVFS::Pack.new(path("app"), include: [glob]).plan.names.map { |name| name.force_encoding("UTF-8") }
      assert_equal expected.sort, included.sort, "#{glob} as --include"
    end
  end

  def test_braces_on_the_command_line
    write("a.md" => "", "a.rb" => "", "a.c" => "", "{a,b}" => "")
    assert_equal ["a.c", "{a,b}"], InVFS::Pack.new(path("app"), exclude: ["*.{md,rb}"]).plan.names
    assert_equal ["a.c", "a.md", "a.rb"], InVFS::Pack.new(path("app"), exclude: ["\\{a,b\\}"]).plan.names
  end

  def test_several_globs
    write("a.md" => "", "a.rb" => "", "lib/b.rb" => "", "lib/c.md" => "")
    plan = InVFS::Pack.new(path("app"), include: ["lib", "a.*"], exclude: ["*.md"]).plan
    assert_equal %w[a.rb lib/b.rb], plan.names
    assert_equal({ excluded: 2 }, plan.left_out_by_reason)
    plan = InVFS::Pack.new(path("app"), include: ["*.md"]).plan
    assert_equal({ not_included: 2 }, plan.left_out_by_reason)
    assert_equal %w[a.rb lib/b.rb], plan.left_out.map(&:name)
  end

  IGNORES = [
    "*.md\n", "/*.md\n!a.md\n", "lib\n!lib/a.rb\n", "lib/*\n!lib/a.rb\n", "# a comment\n\n  \n*.rb\n", "\\#hash\n",
    "\\!bang\n", "#hash\n", "log/\n", "log\n", "**/log\n", "x/**\n", "doc/**/p.png\n", "a b\n", "trail\\ \n", "trail   \n",
    "*.rb\r\n*.md\r\n", "*\n!*.md\n", "!*.md\n*.md\n", "caf\u00e9.txt\n", "{a,b}\n", "[ab].*\n", "\u{feff}b.rb\n", "*.md",
    "/lib/deep/\n", "lib/deep/er\n", "deep/er\n", "\\[x].txt\n", "[!a].*\n", ".*\n", "-dash\n", "/\n", "!\n"
  ].freeze

  IGNORES.each_with_index do |ignore, index|
    define_method("test_invfsignore_is_as_gitignore_#{index}") do
      skip "there is no git" unless system("git --version", out: File::NULL)

      write(FILES.to_h { |name| [name, ""] }.merge(".invfsignore" => ignore))
      assert_equal git_takes(ignore), InVFS::Pack.new(path("app")).plan.names.sort, ignore.inspect
    end
  end

  # What git would add, in a repository of the same files.
  def git_takes(ignore)
    FileUtils.cp_r(path("app"), path("git"))
    File.write(path("git/.gitignore"), ignore)
    environment = { "GIT_CONFIG_GLOBAL" => File::NULL, "GIT_CONFIG_SYSTEM" => File::NULL, "GIT_DIR" => nil }
    git = ["git", "-C", path("git")]
    assert system(environment, *git, "init", "-q")
    out, status = Open3.capture2(environment, *git, "ls-files", "-z", "--others", "--exclude-standard")
    assert_predicate status, :success?
    out.b.split("\0").grep_v(".gitignore").sort
  end

  def test_the_ignore_file_itself_is_packed_and_only_that_of_the_top_counts
    write(".invfsignore" => "*.md\n", "a.md" => "", "lib/.invfsignore" => "*.rb\n", "lib/a.rb" => "")
    plan = InVFS::Pack.new(path("app")).plan
    assert_equal %w[.invfsignore lib/.invfsignore lib/a.rb], plan.names
    assert_equal({ ignored: 1 }, plan.left_out_by_reason)
  end

  def test_names_and_patterns_that_are_not_utf8
    write("\xFFa" => "", "\xFFb" => "", "c" => "", "caf\u00e9" => "")
    assert_equal ["c", "caf\u00e9".b, "\xFFb".b], InVFS::Pack.new(path("app"), exclude: ["\xFFa".b]).plan.names
    assert_equal ["c", "\xFFa".b, "\xFFb".b], InVFS::Pack.new(path("app"), exclude: ["caf\u00e9".b]).plan.names
    assert_equal ["c", "caf\u00e9".b], InVFS::Pack.new(path("app"), exclude: ["\xFF*"]).plan.names
    File.binwrite(path("app/.invfsignore"), "\xFFa\n?\n")
    assert_equal [".invfsignore", "caf\u00e9".b, "\xFFb".b], InVFS::Pack.new(path("app")).plan.names
  end
end
