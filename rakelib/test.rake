# frozen_string_literal: true

# Runs the test suite, whole and in parts.

# Tests that take minutes or need more than a checkout have separate tasks.
APART = %w[packaging programs slow standalone].freeze

def test_files(*patterns)
  Dir.chdir(ROOT) { Dir[*patterns] }.sort
end

def ordinary_test_files
  test_files("test/**/*_test.rb").grep_v(%r{\Atest/(#{APART.join("|")})/})
end

# The tests that run programs on disk and in each kind of VFS.
def differential_test_files
  ordinary_test_files.select { |file| File.read("#{ROOT}/#{file}").include?("include Differential") }
end

# The tests that check more when the garbage collector runs at every allocation, directly or through their support. The
# others only take longer.
def stressed_test_files
  files = ordinary_test_files.grep_v(%r{/support/})
  files.select { |file| File.read("#{ROOT}/#{file}").match?(/GC_?Stress|vfs_test"/i) }
end

# Runs test files of a checkout in one Ruby; TEST=file selects one, TESTOPTS goes to minitest.
def run_tests(files, env = {}, ruby: RbConfig.ruby, checkout: ROOT)
  files = [ENV.fetch("TEST")] if ENV["TEST"]
  abort "no test files" if files.empty?
  # Bare machines have no locale, and Ruby then treats every file as ASCII.
  env = { "LC_ALL" => "C.UTF-8", **env } unless Encoding.default_external == Encoding::UTF_8
  # A shell makes its background jobs ignore interrupts, nohup makes them ignore hangups, and tests send themselves
  # both.
  %w[INT HUP].each do |signal|
    before = trap(signal, "DEFAULT")
    trap(signal, before) unless before == "IGNORE"
  end
  # minitest reads ARGV, so the files are taken off it before the first of them starts minitest.
  script = 'ARGV.shift(ARGV.index("--")).each { |file| require File.expand_path(file) }; ARGV.shift'
  sh(env, ruby, "-w", "-I#{checkout}/lib", "-I#{checkout}/test", "-e", script,
     *files, "--", *ENV.fetch("TESTOPTS", "").split, chdir: checkout)
end

desc "Run the test suite, except what test:slow runs"
task test: ["test:suite", "test:programs"]

namespace :test do
  desc "Run the tests of invfs itself (TEST=file: only that one; TESTOPTS=... for minitest)"
  task suite: :compile do
    run_tests(ordinary_test_files)
  end

  desc "Run the tests that compare with plain Ruby as on systems without mounts, such as macOS and Windows"
  task :without_mounts do
    ENV["INVFS_WITHOUT_MOUNTS"] = "1"
    compile_library("#{ROOT}/lib/invfs/#{LIBRARY}")
    run_tests(differential_test_files)
  ensure
    ENV.delete("INVFS_WITHOUT_MOUNTS")
    compile_library("#{ROOT}/lib/invfs/#{LIBRARY}")
  end

  desc "Run the binding's own tests with the garbage collector running at every allocation"
  task gc_stress: :compile do
    # One process for each, because every extra object makes every collection slower.
    files = ENV["TEST"] ? [ENV["TEST"]] : stressed_test_files
    files.each { |file| run_tests([file], { "INVFS_GC_STRESS" => "1" }) }
  end

  desc "Test that other programs run as they do without invfs, and real libraries from an archive as from a directory"
  task programs: :compile do
    run_tests(test_files("test/programs/**/*_test.rb"))
  end

  desc "Run the tests of invfs itself that take minutes each: every benchmark once, every use of mounts under strace"
  task slow: %i[compile launcher] do
    run_tests(test_files("test/slow/**/*_test.rb"))
  end

  desc "Test the gems: build them, install them into an empty GEM_HOME, use them"
  task packaging: :compile do
    run_tests(test_files("test/packaging/**/*_test.rb"))
  end

  desc "Test programs that are packed with Ruby (invfs pack --standalone); needs root for a machine without anything"
  task standalone: %i[compile launcher] do
    next puts("packed programs have no launcher on this system") unless launcher?

    run_tests(test_files("test/standalone/**/*_test.rb"))
  end
end
