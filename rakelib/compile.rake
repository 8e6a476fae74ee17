# frozen_string_literal: true

# Builds the native library for the Ruby that runs rake, in place.

# What cargo calls a shared library called invfs on the system of a Ruby with this configuration.
def cargo_library(config)
  config["host_os"].match?(/mswin|mingw/) ? "invfs.dll" : "libinvfs.#{config["SOEXT"]}"
end

# Runs cargo for this Ruby and puts the library at +destination+.
def compile_library(destination)
  profile = ENV.fetch("INVFS_PROFILE", "release")
  target = File.expand_path(ENV.fetch("CARGO_TARGET_DIR", "#{CRATE}/target"))
  arguments = ["--profile", profile, "--package", "invfs", "--target-dir", target]
  # RUBY: otherwise rb-sys takes the headers of the first ruby in PATH, and keeps them when another one is wanted.
  system = cargo_build(arguments, "RUBY" => RbConfig.ruby)
  built = [target, *system, profile == "dev" ? "debug" : profile, cargo_library(RbConfig::CONFIG)].join("/")
  mkdir_p File.dirname(destination), verbose: false
  # Renames a new file into place, so that running Rubies keep the old one.
  cp built, "#{destination}.new", verbose: false
  mv "#{destination}.new", destination, verbose: false
end

# Runs `cargo build` with these arguments. With GLIBC=2.28, what it makes needs no newer glibc than that. Returns what
# cargo calls the system then, nil if it is just this one.
def cargo_build(arguments, environment)
  glibc = ENV.fetch("GLIBC", "")
  if glibc.empty?
    sh(environment, "cargo", "build", "--locked", *arguments, chdir: CRATE)
    return
  end

  system = "#{Gem::Platform.local.cpu}-unknown-linux-gnu"
  sh(environment.merge("PATH" => path_with_zig), "cargo-zigbuild", "zigbuild", "--locked", *arguments,
     "--target", "#{system}.#{glibc}", chdir: CRATE)
  system
end

LIBRARY = "invfs.#{RbConfig::CONFIG["DLEXT"]}".freeze

desc "Build the native library for this Ruby (INVFS_PROFILE=dev: quickly, without optimisation)"
task :compile do
  own = "#{ROOT}/lib/invfs/#{THIS_MINOR}/#{LIBRARY}"
  # rakelib/rubies.rake sets this, so that several Rubies can use one checkout. Otherwise an old library there would be
  # preferred to the new one.
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
  rm_f Dir["#{ROOT}/lib/invfs/{,*/}invfs.{so,bundle}", "#{ROOT}/lib/invfs/invfs-launcher"]
end
