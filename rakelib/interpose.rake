# frozen_string_literal: true

# Mounts without Ruby, on this system and on others: ext/invfs/interpose/tests/c/main.rs says what is tested.

namespace :test do
  desc "Test mounts with C programs (TARGETS=native,musl,aarch64; the last two need compilers, see docs/mounts.md)"
  task :interpose do
    targets = ENV.fetch("TARGETS", "native").split(",")
    cargo "test", "--locked", "--package", "invfs-interpose", "--test", "interpose", "--",
          "--include-ignored", "--exact", *targets
  end
end
