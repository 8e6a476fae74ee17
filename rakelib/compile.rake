# frozen_string_literal: true

# Builds the native library for the Ruby that runs rake, in place.

# What cargo calls a shared library called invfs on the system of a Ruby with this configuration.
def cargo_library(config)
  config["host_os"].match?(/mswin|mingw/) ? "invfs.dll" : "libinvfs.#{config["SOEXT"]}"
end

# Builds the library for a Ruby, by the name or path of its program, and puts it at `destination`.
def compile_library(destination, ruby = RbConfig.ruby, system = system_here, name = cargo_library(RbConfig::CONFIG))
  # RUBY: otherwise rb-sys takes the headers of the first ruby in PATH, and keeps them when another one is wanted.
  directory = cargo_build(system, "invfs", ENV.fetch("INVFS_PROFILE", "release"), target_directory, "RUBY" => ruby)
  mkdir_p File.dirname(destination), verbose: false
  # Renames a new file into place, so that running Rubies keep the old one.
  cp "#{directory}/#{name}", "#{destination}.new", verbose: false
  mv "#{destination}.new", destination, verbose: false
end

# How cargo builds for a system: an environment, a command, and what Rust calls the system; nil for just this one.
System = Struct.new(:environment, :command, :target)

# This system. With GLIBC=2.28, what is built needs no newer glibc than that.
def system_here
  glibc = ENV.fetch("GLIBC", "")
  return System.new({}, %w[cargo build], nil) if glibc.empty?

  system_with_zig("#{Gem::Platform.local.cpu}-unknown-linux-gnu", glibc)
end

def target_directory
  File.expand_path(ENV.fetch("CARGO_TARGET_DIR", "#{CRATE}/target"))
end

# Builds a package with cargo. Returns the directory where the result is.
def cargo_build(system, package, profile, directory, environment)
  sh(environment.merge(system.environment), *system.command, "--locked", "--profile", profile, "--package", package,
     "--target-dir", directory, chdir: CRATE)
  [directory, *system.target, profile == "dev" ? "debug" : profile].join("/")
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
