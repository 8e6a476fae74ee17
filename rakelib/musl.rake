# frozen_string_literal: true

# Builds and tests for musl, the C library of Alpine, on a machine with the GNU C library: that other Ruby comes from
# bin/musl-ruby.

MUSL = "x86_64-unknown-linux-musl"

# The test files that see the C library: the whole suite takes longer and says no more about it.
MUSL_TESTS = %w[
  mounts mounts_functions mounts_hazards mounts_paths mounts_processes
  mounts/code mounts/copies mounts/directories mounts/encodings mounts/errors mounts/libraries mounts/pathname
  mounts/places mounts/reading mounts/stat
  finding load require_relative native_extension compiled_code extract threads ractor processes children known_differences
  ruby_file_systems/reading ruby_file_systems/writing vfs/zip_fs
].freeze

# What a script in bin prints. Ends rake with the script's status if it cannot do it on this machine.
def from_script(*command)
  printed = IO.popen(command, chdir: ROOT, &:read)
  exit $?.exitstatus unless $?.success?
  printed.chomp
end

# The folder of a Rust with the source of its own library: for systems for which rustup has no library, or cannot be
# reached. It is Debian's, unpacked the first time.
def rust_with_source
  directory = "#{ENV.fetch("INVFS_RUBIES", "/opt/rubies")}/rust"
  return directory if File.directory?(directory)

  from_script("#{ROOT}/bin/debian-files", "#{directory}.new", "rustc-web", "rust-web-src")
  mv "#{directory}.new", directory, verbose: false
  directory
end

# The environment and the arguments with which cargo-zigbuild also builds Rust's own library for a system.
def with_own_library(system)
  rust = rust_with_source
  environment = {
    "PATH" => path_with_zig, "RUSTC" => "#{rust}/usr/bin/rustc", "RUSTC_BOOTSTRAP" => "1",
    "LD_LIBRARY_PATH" => Dir["#{rust}/usr/lib/*-linux-gnu"].join(":")
  }
  [environment, ["--target", system, "-Zbuild-std=std,panic_unwind"]]
end

# Half the time of the compiler, and hardly slower tests.
QUICKLY = {
  "CARGO_PROFILE_RELEASE_LTO" => "off", "CARGO_PROFILE_RELEASE_CODEGEN_UNITS" => "16",
  "CARGO_PROFILE_RELEASE_OPT_LEVEL" => "1"
}.freeze

# Puts the library for musl, for the Ruby that is the program +ruby+, at +destination+. With QUICKLY it is good enough
# for tests.
def compile_for_musl(ruby, destination, how = {})
  target = "#{ROOT}/tmp/target-musl"
  environment, arguments = with_own_library(MUSL)
  # Without the flag Rust links the C library into what it makes, and makes no shared libraries.
  environment.update(how, "RUBY" => ruby, "RUSTFLAGS" => "-C target-feature=-crt-static")
  sh(environment, "cargo-zigbuild", "zigbuild", "--locked", "--release", "--package", "invfs", "--target-dir", target,
     *arguments, chdir: CRATE)
  mkdir_p File.dirname(destination), verbose: false
  cp "#{target}/#{MUSL}/release/libinvfs.so", destination, verbose: false
end

# A copy of this checkout, because the library of the other Ruby has the same name and place as that of this one.
def copy_checkout(directory)
  rm_rf directory, verbose: false
  files = IO.popen(%w[git ls-files -z --cached --others --exclude-standard], chdir: ROOT, &:read).split("\0")
  files.each do |file|
    next unless File.file?("#{ROOT}/#{file}")

    mkdir_p File.dirname("#{directory}/#{file}"), verbose: false
    cp "#{ROOT}/#{file}", "#{directory}/#{file}", verbose: false
  end
end

namespace :test do
  desc "Run tests with a Ruby for musl, built the first time by bin/musl-ruby (TEST=file: only that one)"
  task :musl do
    bin = "#{from_script("#{ROOT}/bin/musl-ruby")}/bin"
    ruby = "#{bin}/ruby"
    checkout = "#{ROOT}/tmp/musl"
    copy_checkout(checkout)
    compile_for_musl(ruby, "#{checkout}/lib/invfs/#{LIBRARY}", QUICKLY)
    files = MUSL_TESTS.map { |name| "test/#{name}_test.rb" }
    # Settings for this machine's Ruby would confuse that one.
    other = %w[GEM_HOME GEM_PATH RUBYOPT RUBYLIB BUNDLE_GEMFILE].to_h { |name| [name, nil] }
    other["PATH"] = [bin, ENV.fetch("PATH")].join(":")
    run_tests(files, other, ruby: ruby, checkout: checkout)
  end
end
