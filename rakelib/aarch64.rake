# frozen_string_literal: true

# Runs a part of the suite on AArch64, with a real Ruby, emulated where this machine has another processor.

# Those that depend on the processor or on its numbers for the system: finding and loading files, mounts, threads,
# native extensions, compiled code.
AARCH64_TESTS = %w[
  finding require_relative load autoload threads ractor native_extension compiled_code extract vfs/zip_fs
  ruby_file_systems/reading mounts mounts_paths mounts_functions mounts_processes mounts/reading mounts/stat
  mounts/directories
].map { |name| "test/#{name}_test.rb" }.freeze

namespace :test do
  desc "Test a part of the suite with Ruby 3.1 on AArch64, emulated (half an hour or more; TEST=file: only that one)"
  task :aarch64 do
    tree = at_hand("aarch64-ruby") || not_at_hand("This machine cannot have a Ruby for AArch64")
    cross_compile("aarch64-linux-gnu", "3.1", tree, "#{ROOT}/tmp/aarch64/invfs.so")
    failed = (ENV["TEST"] ? [ENV["TEST"]] : AARCH64_TESTS).reject do |file|
      puts "", "== #{file}"
      next true if system("#{ROOT}/bin/aarch64-ruby", "run", "ruby", "-w", "-Ilib", "-Itest", file, chdir: ROOT)

      not_at_hand("This machine cannot run programs for AArch64") if $?.exitstatus == NOT_AT_HAND
    end
    abort "On AArch64 these fail: #{failed.join(", ")}" unless failed.empty?
  end
end
