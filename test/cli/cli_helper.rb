# frozen_string_literal: true

# Gives every test a folder with files, and the command as a process.
require_relative "../test_helper"
require "fileutils"
require "tmpdir"
require "invfs/pack"

module CLIHelper
  EXE = "#{RubyProcess::PROJECT}/exe/invfs".freeze

  # The environment of the test runner must not affect the output.
  ENVIRONMENT = { "SOURCE_DATE_EPOCH" => nil, "INVFS_DEBUG" => nil, "TERM" => "xterm" }.freeze

  def setup
    @dir = File.realpath(Dir.mktmpdir("invfs-cli"))
    @epoch = ENV.delete("SOURCE_DATE_EPOCH")
  end

  def teardown
    ENV["SOURCE_DATE_EPOCH"] = @epoch
    FileUtils.rm_rf(@dir)
  end

  def path(name) = File.join(@dir, name)

  # name => content; a name that ends in "/" is a directory; a Symbol is where a link leads.
  def write(files, under = "app")
    FileUtils.mkdir_p(path(under))
    files.each do |name, content|
      file = File.join(path(under).b, name.to_s.b)
      next FileUtils.mkdir_p(file) if name.to_s.end_with?("/")

      FileUtils.mkdir_p(File.dirname(file))
      content.is_a?(Symbol) ? File.symlink(content.to_s, file) : File.binwrite(file, content)
    end
    path(under)
  end

  # Without RubyGems, which would take most of the time.
  def invfs(*arguments, env: {}, **options)
    RubyProcess.run("-w", "--disable=gems", EXE, *arguments, env: ENVIRONMENT.merge(env), chdir: @dir, **options)
  end

  def assert_success(outcome, stdout = nil)
    assert_equal 0, outcome.status, outcome
    assert_empty outcome.stderr
    stdout.is_a?(Regexp) ? assert_match(stdout, outcome.stdout) : stdout && assert_equal(stdout, outcome.stdout)
  end

  # One line on stderr, and nothing else.
  def assert_failure(outcome, code, message)
    assert_equal code, outcome.status, outcome
    assert_match(/\Ainvfs: .*\n\z/, outcome.stderr)
    assert_match message, outcome.stderr
    assert_empty outcome.stdout
  end

  def pack(files = nil, out: "app.zip", **options)
    write(files) if files
    InVFS.pack(path("app"), path(out), **options)
  end

  # name => content of everything in an archive.
  def contents(out = "app.zip")
    archive = InVFS.zip(path(out))
    archive.entries.to_h { |name| [name, archive.read(name)] }
  end

  def names(out = "app.zip") = InVFS.zip(path(out)).entries

  def entry(name, out = "app.zip") = InVFS::ArchiveEntry.of(InVFS.zip(path(out)), name)

  def tree(under = "") = Dir.children(path(under)).sort
end
