# frozen_string_literal: true

# Other systems than this one: zig, a C compiler and linker for all of them, comes from PyPI, Rust's libraries from
# rustup.

ZIG_PACKAGES = %w[ziglang==0.17.1 cargo-zigbuild==0.24.1].freeze

# What a system can be checked for without its Ruby: with Ruby's headers of this machine, rb-sys refuses.
TARGETS = {
  "aarch64-apple-darwin" => %w[invfs-engine invfs-fs],
  "x86_64-pc-windows-gnu" => %w[invfs-engine invfs-fs],
  "aarch64-unknown-linux-gnu" => %w[invfs-engine invfs-fs invfs-interpose invfs-launcher],
  "x86_64-unknown-linux-musl" => %w[invfs-engine invfs-fs invfs-interpose invfs-launcher]
}.freeze

# A PATH with cargo-zigbuild. Installs it into tmp/zig the first time.
def path_with_zig
  directory = "#{ROOT}/tmp/zig"
  unless File.executable?("#{directory}/bin/cargo-zigbuild")
    sh "python3", "-m", "venv", directory
    sh "#{directory}/bin/pip", "install", "--quiet", *ZIG_PACKAGES
  end
  "#{directory}/bin#{File::PATH_SEPARATOR}#{ENV.fetch("PATH")}"
end

# Builds for what Rust calls `target`, and with this version of glibc if it has that, by zig.
def system_with_zig(target, glibc = nil)
  command = ["cargo-zigbuild", "zigbuild", "--target", [target, *glibc].join(".")]
  System.new({ "PATH" => path_with_zig }, command, target)
end

namespace :check do
  desc "Compile the Rust code for other systems (TARGETS=#{TARGETS.keys.join(",")}); every warning is an error"
  task :targets do
    targets = ENV.fetch("TARGETS", TARGETS.keys.join(",")).split(",")
    installed = IO.popen(%w[rustup target list --installed], chdir: CRATE, &:read).split
    targets.each do |target|
      sh("rustup", "target", "add", target, chdir: CRATE) unless installed.include?(target)
      packages = TARGETS.fetch(target) { abort "TARGETS: #{target} unknown; there are #{TARGETS.keys.join(", ")}" }
      sh({ "PATH" => path_with_zig, "RUSTFLAGS" => "-D warnings" }, "cargo-zigbuild", "check", "--locked",
         "--target", target, *packages.flat_map { |package| ["--package", package] }, chdir: CRATE)
    end
  end
end
