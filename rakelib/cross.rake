# frozen_string_literal: true

# Builds the library and the launcher for other systems than this one. zig links them; the headers of their Rubies come
# from Debian.

# The platforms of gems that can be built here, and what Rust calls them.
PLATFORMS = {
  "x86_64-linux-gnu" => "x86_64-unknown-linux-gnu",
  "aarch64-linux-gnu" => "aarch64-unknown-linux-gnu",
  "x86_64-linux-musl" => "x86_64-unknown-linux-musl",
  "aarch64-linux-musl" => "aarch64-unknown-linux-musl"
}.freeze

# The glibc that gems promise to run with. 2.28 is the oldest one that has all that invfs calls (statx).
def oldest_glibc
  ENV.fetch("GLIBC", "2.28")
end

# What a script in bin prints. nil if this machine cannot do it; the script has said why.
def at_hand(script, *arguments)
  said = IO.popen(["#{ROOT}/bin/#{script}", *arguments], &:read).chomp
  return said if $?.success?

  abort "bin/#{script} failed" unless $?.exitstatus == NOT_AT_HAND
end

# Ends rake as a script of bin ends if this machine cannot do it.
def not_at_hand(what)
  warn what
  exit NOT_AT_HAND
end

# A PATH whose cargo can build for this target.
def path_with_rust(target)
  libraries = IO.popen(["rustc", "--print", "target-libdir", "--target", target], chdir: CRATE, &:read).chomp
  return path_with_zig if File.directory?(libraries)
  return path_with_zig if system("rustup", "target", "add", target, chdir: CRATE, err: File::NULL)

  folder = at_hand("cross-rust") if target == PLATFORMS["aarch64-linux-gnu"]
  not_at_hand("This machine has no Rust for #{target}") unless folder
  "#{folder}#{File::PATH_SEPARATOR}#{path_with_zig}"
end

# How cargo builds for the platform of a gem.
def system_for(platform)
  target = PLATFORMS.fetch(platform) { abort "PLATFORM: #{platform} unknown; there are #{PLATFORMS.keys.join(", ")}" }
  system = system_with_zig(target, (oldest_glibc if platform.end_with?("-gnu")))
  system.environment["PATH"] = path_with_rust(target)
  # Without this, Rust makes no shared libraries for musl.
  system.environment["RUSTFLAGS"] = "-Ctarget-feature=-crt-static" if platform.end_with?("-musl")
  system
end

# A program that answers like a Ruby of another system when it is asked for its configuration; `tree` is the folder that
# has this Ruby's files, and perhaps another Ruby.
def foreign_ruby(tree, minor, directory)
  original = Dir["#{tree}/**/ruby/#{minor}.0/rbconfig.rb", "#{tree}/**/ruby/#{minor}.0/*/rbconfig.rb"].first
  abort "#{tree} has no rbconfig.rb of Ruby #{minor}" unless original
  # It refuses Rubies of other versions, and finds the headers by its own path.
  config = File.read(original).sub(/^  RUBY_VERSION\.start_with\?.*?\n\n/m, "").gsub("__FILE__", original.dump)
  mkdir_p directory, verbose: false
  File.write("#{directory}/rbconfig.rb", config)
  File.write("#{directory}/ruby", "#!/bin/sh\nexec '#{RbConfig.ruby}' -I '#{directory}' \"$@\"\n", perm: 0o755)
  "#{directory}/ruby"
end

# Where libclang finds the headers of a platform's C library: in the same tree, or for musl where its compiler has them.
def header_flags(platform, tree)
  places = ["#{tree}/usr/include/#{platform}", "#{tree}/usr/include"]
  places = ["/usr/include/#{platform}"] if platform.end_with?("-musl")
  name = "BINDGEN_EXTRA_CLANG_ARGS_#{PLATFORMS.fetch(platform).tr("-", "_")}"
  { name => places.map { |place| "-isystem #{place}" }.join(" ") }
end

# Builds the library for a platform and the Ruby in `tree`; `how` are settings for cargo.
def cross_compile(platform, minor, tree, destination, how = {})
  system = system_for(platform)
  system.environment.merge!(header_flags(platform, tree), how)
  ruby = foreign_ruby(tree, minor, "#{ROOT}/tmp/headers/#{platform}/#{minor}")
  compile_library(destination, ruby, system, "libinvfs.so")
end

# Where the library and the launcher for a platform are built.
def cross_directory(platform)
  "#{ROOT}/tmp/cross/#{platform}"
end

# Builds for a platform what is wanted and possible. Returns the minor versions of Ruby that have a library.
def cross_build(platform)
  directory = cross_directory(platform)
  system = system_for(platform)
  rm_rf directory, verbose: false
  build_launcher("#{directory}/#{LAUNCHER}", system) if platform.end_with?("-gnu")
  wanted_minors.select do |minor|
    tree = at_hand("ruby-headers", platform, minor)
    next warn("!! There will be no library for Ruby #{minor} on #{platform}: its headers are not at hand") unless tree

    cross_compile(platform, minor, tree, "#{directory}/#{minor}/invfs.so")
    true
  end
end
