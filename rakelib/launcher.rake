# frozen_string_literal: true

# Builds the launcher, the beginning of the file that `invfs pack --standalone` writes.

LAUNCHER = "invfs-launcher"

# What stands behind the launcher until a program does: a zip archive without entries.
NO_ENTRIES = "PK\5\6#{"\0" * 18}".b.freeze

# Whether packed programs can have a launcher on this system: see lib/invfs/pack/standalone/launcher.rb.
def launcher?
  return false if RbConfig::CONFIG["host_os"].include?("musl")

  RbConfig::CONFIG["target_os"].start_with?("linux") && %w[x86_64 aarch64].include?(RbConfig::CONFIG["target_cpu"])
end

# What is compiled into a program tells no path of this machine.
def launcher_flags(environment)
  homes = { ENV.fetch("CARGO_HOME", File.expand_path("~/.cargo")) => "cargo", CRATE => "invfs",
            IO.popen([environment, "rustc", "--print", "sysroot"], &:read).chomp => "rust" }
  # Cargo separates them like this.
  homes.map { |from, to| "--remap-path-prefix=#{from}=/#{to}" }.join("\x1f")
end

# Builds it for a system and puts it at `destination`.
def build_launcher(destination, system = system_here)
  # A directory of its own: other flags make other crates.
  directory = cargo_build(system, LAUNCHER, "launcher", "#{target_directory}/launcher",
                          "CARGO_ENCODED_RUSTFLAGS" => launcher_flags(system.environment))
  # A shared library that is a program, too.
  built = File.binread("#{directory}/libinvfs_launcher.so")
  mkdir_p File.dirname(destination), verbose: false
  File.binwrite("#{destination}.new", built + NO_ENTRIES)
  chmod 0o755, "#{destination}.new", verbose: false
  mv "#{destination}.new", destination, verbose: false
end

desc "Build the launcher of packed programs (invfs pack --standalone; GLIBC=2.28: also for systems as old as that)"
task :launcher do
  next puts("packed programs have no launcher on this system") unless launcher?

  # One serves all Rubies; that of a newer system would need its C library.
  own = "#{ROOT}/lib/invfs/#{LAUNCHER}"
  build_launcher(own) unless ENV["INVFS_PER_MINOR"] && File.file?(own)
end
