# frozen_string_literal: true

# Tests mounts without Ruby, on this system and on others: see ext/invfs/interpose/tests/c/main.rs.

namespace :test do
  desc "Test mounts with C programs (TARGETS=native,musl,aarch64; the last two need compilers, see docs/mounts.md)"
  task :interpose do
    targets = ENV.fetch("TARGETS", "native").split(",")
    cargo "test", "--locked", "--package", "invfs-interpose", "--test", "interpose", "--",
          "--include-ignored", "--exact", *targets
  end
end
