# frozen_string_literal: true

# Writes the Makefile with which RubyGems builds the native library. It needs no other gem: cargo does the work.

MINIMAL_RUST = "1.85"
CONFIG = RbConfig::CONFIG

version = begin
  IO.popen(%w[cargo --version], err: File::NULL, &:read)[/\d+\.\d+/]
rescue Errno::ENOENT
  abort "invfs: cargo was not found. Install cargo first: Rust #{MINIMAL_RUST} or newer, see https://rustup.rs"
end
if version && Gem::Version.new(version) < Gem::Version.new(MINIMAL_RUST)
  abort "invfs: Rust #{MINIMAL_RUST} or newer is needed, this is #{version}. Update it, for example by `rustup update`."
end
unless File.exist?("#{CONFIG["rubyhdrdir"]}/ruby.h")
  abort "invfs: Ruby's header files were not found in #{CONFIG["rubyhdrdir"]}. Install them (Debian: ruby-dev)."
end

library = CONFIG["host_os"].match?(/mswin|mingw/) ? "invfs.dll" : "libinvfs.#{CONFIG["SOEXT"]}"

# Where the C library is musl, Rust links all of it into what it makes, unless it is told not to: no library then.
flags = ENV["RUSTFLAGS"] || ("-C target-feature=-crt-static" if CONFIG["host_os"].include?("musl"))

# RUBY tells rb-sys which Ruby's headers to take; it would ask whatever `ruby` is first in PATH. The target folder is
# removed because RubyGems would keep its hundred megabytes for good. The library goes straight to where native.rb looks
# for it: RubyGems would keep two copies of what it is given in sitearchdir.
File.write("Makefile", <<~MAKEFILE)
  SHELL = /bin/sh
  export RUBY = #{RbConfig.ruby}
  #{"export RUSTFLAGS = #{flags}" if flags}
  srcdir = #{File.expand_path(__dir__)}
  libdir = $(srcdir)/../../lib/invfs
  DLLIB = invfs.#{CONFIG["DLEXT"]}

  all: $(DLLIB)

  $(DLLIB):
  \tcargo build --locked --release --manifest-path "$(srcdir)/Cargo.toml" --target-dir target || { \\
  \t  echo "invfs: the build failed. If it names libclang, install that and try again:" >&2; \\
  \t  echo "  Debian, Ubuntu: apt-get install libclang-dev; Fedora: dnf install clang-devel; macOS: brew install llvm" >&2; \\
  \t  exit 1; }
  \tcp "target/release/#{library}" $(DLLIB)
  \trm -rf target

  install: all
  \tmv $(DLLIB) "$(libdir)/"

  clean distclean realclean:
  \trm -rf target $(DLLIB)

  .PHONY: all install clean distclean realclean
MAKEFILE
