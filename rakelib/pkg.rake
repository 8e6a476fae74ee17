# frozen_string_literal: true

# Builds the gems: the source gem, and platform gems with compiled libraries.

require "rubygems/package"

PKG = "#{ROOT}/pkg".freeze

def source_specification
  Dir.chdir(ROOT) { Gem::Specification.load("#{ROOT}/invfs.gemspec") }
end

# Builds a gem from the files in +dir+, and returns its path.
def build_gem(specification, dir)
  mkdir_p PKG, verbose: false
  built = Dir.chdir(dir) { File.expand_path(Gem::Package.build(specification)) }
  path = "#{PKG}/#{File.basename(built)}"
  mv built, path, verbose: false unless built == path
  puts path.delete_prefix("#{ROOT}/")
  path
end

# Puts the library for each of the available Rubies into +stage+.
def stage_libraries(stage, minors)
  others = minors - [THIS_MINOR]
  abort "GLIBC: only for this Ruby, not for #{others.join(", ")} (RUBIES=#{THIS_MINOR})" if ENV["GLIBC"] && others.any?
  minors.each do |minor|
    destination = "#{stage}/lib/invfs/#{minor}/#{LIBRARY}"
    if minor == THIS_MINOR
      compile_library(destination)
    elsif rake_under(minor, "compile")
      mkdir_p File.dirname(destination), verbose: false
      cp "#{ROOT}/lib/invfs/#{minor}/#{LIBRARY}", destination, verbose: false
    elsif $?.exitstatus == NOT_AT_HAND
      warn("!! The platform gem will have no library for Ruby #{minor}: it is not at hand")
    else
      abort "Building for Ruby #{minor} failed"
    end
  end
end

# Admits only these minor versions of Ruby, so that RubyGems takes the source gem for all others. A requirement cannot
# exclude a minor version in the middle, so this excludes each of its releases (no Ruby so far had more than 20).
# `known` are all minor versions that there are.
def ruby_requirement(minors, known = MINORS)
  first, last = minors.minmax_by { |minor| Gem::Version.new(minor) }
  between = known.select { |minor| Gem::Version.new(minor).between?(Gem::Version.new(first), Gem::Version.new(last)) }
  excluded = (between - minors).flat_map { |minor| (0..20).map { |n| "!= #{minor}.#{n}" } }
  [">= #{first}", "< #{Gem::Version.new("#{last}.0").bump}.dev", *excluded]
end

# The oldest RubyGems that tells gems for glibc from gems for musl. Older ones take the source gem.
RUBYGEMS_WITH_LIBC = ">= 3.3.22"

# The platform of a gem with libraries for a Ruby with this configuration. On Linux it names the C library: RubyGems
# would give a gem for plain `x86_64-linux` to systems with musl, too. (From an Array, because RubyGems before 3.3.22
# drops the `gnu` of a String.)
def gem_platform(config = RbConfig::CONFIG)
  local = Gem::Platform.new(config["arch"])
  return Gem::Platform.new([local.cpu, local.os, nil]) if local.os == "darwin"
  return local unless local.os == "linux"

  Gem::Platform.new([local.cpu, "linux", config["host_os"].include?("musl") ? "musl" : "gnu"])
end

# The newest version of glibc that the libraries ask for, such as "2.34"; nil if they ask for none.
def needed_glibc(libraries)
  # A table of names in the library has them. The libraries may be for other machines, so invfs itself cannot be asked.
  versions = libraries.flat_map { |path| File.binread(path).scan(/\0GLIBC_(\d+(?:\.\d+)+)(?=\0)/n).flatten }
  versions.max_by { |version| Gem::Version.new(version) }
end

# What a library needs of the C library: the functions of each version, as {"GLIBC_2.28" => ["statx", …]}.
def needed_versions(path)
  symbols = IO.popen(["nm", "-D", "--undefined-only", path], &:read).scan(/ (\S+?)@+(GLIBC_\S+)$/)
  found = symbols.group_by(&:last).transform_values { |pairs| pairs.map(&:first).sort }
  found.sort_by { |version, _| Gem::Version.new(version.delete_prefix("GLIBC_")) }.to_h
end

# The functions that a library needs of others than Ruby in no particular version: those of a newer glibc would pass for
# ones of an old one.
def loose_symbols(path)
  symbols = IO.popen(["nm", "-D", "--undefined-only", path], &:readlines).map(&:split)
  symbols.filter_map { |kind, name| name if kind == "U" && !name.match?(/@|\A_?(rb|ruby|onig|st)_/) }
end

desc "Build the source gem into pkg"
task gem: %i[man api] do
  build_gem(source_specification, ROOT)
end

def newer?(version, promise)
  version && !promise.empty? && Gem::Version.new(version) > Gem::Version.new(promise)
end

# Copies what a platform gem has besides the libraries to +stage+, and returns its specification.
def stage_files(stage)
  rm_rf stage, verbose: false
  specification = source_specification
  specification.files = specification.files.grep_v(%r{\Aext/}).each do |file|
    mkdir_p File.dirname("#{stage}/#{file}"), verbose: false
    cp "#{ROOT}/#{file}", "#{stage}/#{file}", verbose: false
  end
  specification.extensions = []
  specification
end

# Builds the gem of the files in +stage+, which has a library for each of the Rubies.
def build_platform_gem(specification, stage, platform, glibc = ENV.fetch("GLIBC", ""))
  libraries = Dir["lib/invfs/*/invfs.{so,bundle}", base: stage].sort
  abort "no library for any Ruby" if libraries.empty?

  specification.files += libraries
  specification.files << "lib/invfs/#{LAUNCHER}" if File.file?("#{stage}/lib/invfs/#{LAUNCHER}")
  specification.platform = platform
  specification.required_ruby_version = ruby_requirement(libraries.map { |path| path.split("/")[2] })
  require_libc(specification, Dir["#{stage}/lib/invfs/{*/invfs.so,#{LAUNCHER}}"], glibc) if platform.os == "linux"
  build_gem(specification, stage)
end

# The C library that the libraries need: who installs the gem can see it, and a promise such as "2.28" is kept.
def require_libc(specification, libraries, promise)
  specification.required_rubygems_version = RUBYGEMS_WITH_LIBC
  glibc = needed_glibc(libraries)
  specification.metadata["glibc"] = glibc if glibc
  abort "GLIBC=#{promise}, but the libraries need glibc #{glibc}" if newer?(glibc, promise)
  loose = promise.empty? ? [] : libraries.flat_map { |path| loose_symbols(path) }.uniq
  abort "GLIBC=#{promise}, but no version is asked of #{loose.join(", ")}" if loose.any?
end

# Builds the gem for a platform of libraries in a directory (3.1/invfs.so and so on).
def assemble_gem(name, libraries, *glibc)
  platform = Gem::Platform.new(name.split("-", 3))
  abort "PLATFORM=#{platform} names no C library" if platform.os == "linux" && platform.version.nil?
  stage = "#{ROOT}/tmp/assemble"
  specification = stage_files(stage)
  cp_r "#{File.expand_path(libraries)}/.", "#{stage}/lib/invfs", verbose: false
  build_platform_gem(specification, stage, platform, *glibc)
end

# Prints what the libraries in a directory need of glibc.
def show_needs(directory)
  Dir["{*/invfs.so,#{LAUNCHER}}", base: directory].sort.each do |library|
    needed_versions("#{directory}/#{library}").each do |version, names|
      puts "#{library}: #{version} #{names.size > 6 ? "(#{names.size} functions)" : names.join(", ")}"
    end
  end
end

namespace :gem do
  desc "Build the platform gem into pkg: launcher, libraries for Ruby #{MINORS.join(", ")} (RUBIES=3.1 limits them). " \
       "PLATFORM=aarch64-linux-gnu: for that one"
  task native: %i[man api] do
    if (platform = ENV["PLATFORM"])
      cross_build(platform)
      show_needs(cross_directory(platform))
      next assemble_gem(platform, cross_directory(platform), *(oldest_glibc if platform.end_with?("-gnu")))
    end
    stage = "#{ROOT}/tmp/native"
    specification = stage_files(stage)
    stage_libraries(stage, wanted_minors)
    build_launcher("#{stage}/lib/invfs/#{LAUNCHER}") if launcher?
    build_platform_gem(specification, stage, gem_platform)
  end

  desc "Build the gem for PLATFORM=x86_64-linux-musl of the libraries in LIBRARIES=directory (3.1/invfs.so and so on)"
  task assemble: %i[man api] do
    assemble_gem(ENV.fetch("PLATFORM"), ENV.fetch("LIBRARIES"))
  end
end
