# frozen_string_literal: true

# Checks that need no run of invfs: formatting, lints, signatures; and the tests of the engine.

def cargo(*arguments)
  # The binding's build script asks RUBY for the headers, as in rakelib/compile.rake.
  sh({ "RUBY" => RbConfig.ruby }, "cargo", *arguments, chdir: CRATE)
end

# The first of these programs that is in PATH, or nil.
def program(*names)
  names.find { |name| ENV["PATH"].split(File::PATH_SEPARATOR).any? { |dir| File.executable?("#{dir}/#{name}") } }
end

desc "Check the formatting of the Rust code"
task(:fmt) { cargo "fmt", "--all", "--check" }

desc "Run clippy on all Rust code; every warning is an error"
task(:clippy) { cargo "clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings" }

desc "Run the tests of the Rust code"
task(:cargo_test) { cargo "test", "--locked", "--workspace" }

desc "Check the signatures in sig"
task :sig do
  # Debian names it after the version of Ruby.
  rbs = program("rbs", "rbs#{THIS_MINOR}") || abort("rbs was not found; bin/setup installs it")
  sh rbs, "-I", "#{ROOT}/sig", "validate", "--silent"
end

desc "Run rubocop, if it is there"
task :rubocop do
  next puts("rubocop is not there: skipped") unless program("rubocop")

  sh "rubocop", "--force-exclusion", chdir: ROOT
end
