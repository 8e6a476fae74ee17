# frozen_string_literal: true

# Builds the native library for the Ruby that runs rake, in place.

# Runs cargo for this Ruby and puts the library at +destination+.
def compile_library(destination)
  profile = ENV.fetch("INVFS_PROFILE", "release")
  target = File.expand_path(ENV.fetch("CARGO_TARGET_DIR", "#{CRATE}/target"))
  # RUBY: else rb-sys takes the headers of whatever ruby is first in PATH, and keeps them when another is asked for.
  sh({ "RUBY" => RbConfig.ruby }, "cargo", "build", "--locked", "--profile", profile,
     "--manifest-path", "#{CRATE}/Cargo.toml", "--target-dir", target)
  built = "#{target}/#{profile == "dev" ? "debug" : profile}/libinvfs.#{RbConfig::CONFIG["SOEXT"]}"
  mkdir_p File.dirname(destination), verbose: false
  # A new file put in place by rename: Rubies that run at this moment keep the old one.
  cp built, "#{destination}.new", verbose: false
  mv "#{destination}.new", destination, verbose: false
end

LIBRARY = "invfs.#{RbConfig::CONFIG["DLEXT"]}".freeze

desc "Build the native library for this Ruby (INVFS_PROFILE=dev: quickly, without optimisation)"
task :compile do
  own = "#{ROOT}/lib/invfs/#{THIS_MINOR}/#{LIBRARY}"
  # rakelib/rubies.rake sets this, so that several Rubies can use one checkout. Otherwise a library that was left
  # there would be preferred to the one that is built now.
  if ENV["INVFS_PER_MINOR"]
    compile_library(own)
  else
    compile_library("#{ROOT}/lib/invfs/#{LIBRARY}")
    rm_f own, verbose: false
  end
end

desc "Remove what was built"
task :clean do
  rm_rf ["#{CRATE}/target", "#{ROOT}/tmp", "#{ROOT}/pkg"]
  rm_f Dir["#{ROOT}/lib/invfs/{,*/}invfs.{so,bundle}"]
end
