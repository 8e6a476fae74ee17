# frozen_string_literal: true

# Builds the native library for the Ruby that runs rake, in place.

# Runs cargo for this Ruby and puts the library at +destination+.
def compile_library(destination)
  profile = ENV.fetch("INVFS_PROFILE", "release")
  target = ENV.fetch("CARGO_TARGET_DIR", "#{CRATE}/target")
  # RUBY: else rb-sys takes the headers of whatever ruby is first in PATH, and keeps them when another is asked for.
  sh({ "RUBY" => RbConfig.ruby }, "cargo", "build", "--locked", "--profile", profile,
     "--manifest-path", "#{CRATE}/Cargo.toml", "--target-dir", target)
  built = "#{target}/#{profile == "dev" ? "debug" : profile}/libinvfs.#{RbConfig::CONFIG["SOEXT"]}"
  mkdir_p File.dirname(destination), verbose: false
  # A new file put in place by rename: Rubies that run at this moment keep the old one.
  cp built, "#{destination}.new", verbose: false
  mv "#{destination}.new", destination, verbose: false
end

def library_name = "invfs.#{RbConfig::CONFIG["DLEXT"]}"

def library_for_minor = "#{ROOT}/lib/invfs/#{RUBY_VERSION[/\A\d+\.\d+/]}/#{library_name}"

desc "Build the native library for this Ruby (INVFS_PROFILE=dev: quickly, without optimisation)"
task :compile do
  compile_library("#{ROOT}/lib/invfs/#{library_name}")
  # It would be preferred to the library that was just built.
  rm_f library_for_minor, verbose: false
end

namespace :compile do
  desc "Build the native library for this Ruby where a platform gem has it, beside those for other Rubies"
  task :minor do
    compile_library(library_for_minor)
  end
end

desc "Remove what was built"
task :clean do
  rm_rf ["#{CRATE}/target", "#{ROOT}/tmp", "#{ROOT}/pkg"]
  rm_f Dir["#{ROOT}/lib/invfs/{,*/}invfs.{so,bundle}"]
end
