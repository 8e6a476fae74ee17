# frozen_string_literal: true

# Tests with musl, the C library of Alpine, on a machine with the GNU C library: that other Ruby comes from
# bin/musl-ruby.

# The test files that see the C library: the whole suite takes longer and says no more about it.
MUSL_TESTS = %w[
  mounts mounts_functions mounts_hazards mounts_paths mounts_processes
  mounts/code mounts/copies mounts/directories mounts/encodings mounts/errors mounts/libraries mounts/pathname
  mounts/places mounts/reading mounts/stat
  finding load require_relative native_extension compiled_code extract threads ractor processes children
  known_differences ruby_file_systems/reading ruby_file_systems/writing vfs/zip_fs
].freeze

# Half the time of the compiler, and hardly slower tests.
QUICKLY = {
  "CARGO_PROFILE_RELEASE_LTO" => "off", "CARGO_PROFILE_RELEASE_CODEGEN_UNITS" => "16",
  "CARGO_PROFILE_RELEASE_OPT_LEVEL" => "1"
}.freeze

# A copy of this checkout, because the library of the other Ruby has the same name and place as that of this one.
def copy_checkout(directory)
  rm_rf directory, verbose: false
  files = IO.popen(%w[git ls-files -z --cached --others --exclude-standard], chdir: ROOT, &:read).split("\0")
  files.each do |file|
    next unless File.file?("#{ROOT}/#{file}")

    mkdir_p File.dirname("#{directory}/#{file}"), verbose: false
    cp "#{ROOT}/#{file}", "#{directory}/#{file}", verbose: false
  end
end

namespace :test do
  desc "Run tests with a Ruby for musl, built the first time by bin/musl-ruby (TEST=file: only that one)"
  task :musl do
    tree = at_hand("musl-ruby") || not_at_hand("This machine cannot have a Ruby for musl")
    bin = "#{tree}/bin"
    checkout = "#{ROOT}/tmp/musl"
    copy_checkout(checkout)
    cross_compile("x86_64-linux-musl", "3.1", tree, "#{checkout}/lib/invfs/#{LIBRARY}", QUICKLY)
    files = MUSL_TESTS.map { |name| "test/#{name}_test.rb" }
    # Settings for this machine's Ruby would confuse that one.
    other = %w[GEM_HOME GEM_PATH RUBYOPT RUBYLIB BUNDLE_GEMFILE].to_h { |name| [name, nil] }
    other["PATH"] = [bin, ENV.fetch("PATH")].join(":")
    run_tests(files, other, ruby: "#{bin}/ruby", checkout: checkout)
  end
end
