# frozen_string_literal: true

# Runs tasks under several Rubies. bin/other-ruby takes the ones that this machine lacks from Debian.

# The minor versions for a task: all, or RUBIES=3.1,3.3.
def wanted_minors
  wanted = ENV.fetch("RUBIES", MINORS.join(",")).split(/[\s,]+/)
  unknown = wanted - MINORS
  abort "RUBIES: #{unknown.join(", ")} unknown; there are #{MINORS.join(", ")}" unless unknown.empty?
  wanted
end

# The exit status of bin/other-ruby if this machine cannot have that Ruby.
NOT_AT_HAND = 69

# Runs rake tasks of this checkout under another Ruby. Returns whether they succeeded.
def rake_under(minor, *tasks)
  system("#{ROOT}/bin/other-ruby", "run", minor,
         "env", "INVFS_PER_MINOR=1", "CARGO_TARGET_DIR=tmp/target-#{minor}", "ruby#{minor}", "-S", "rake", *tasks,
         chdir: ROOT)
end

namespace :test do
  desc "Run the suite, and what test:slow runs, on Ruby #{MINORS.join(", ")} (RUBIES=3.1,3.3 limits it)"
  task :rubies do
    absent = []
    failed = wanted_minors.reject do |minor|
      puts "", "== Ruby #{minor}"
      tasks = %w[test test:slow]
      passed = minor == THIS_MINOR ? system("rake", *tasks, chdir: ROOT) : rake_under(minor, *tasks)
      # What was asked for by name must run.
      next passed if passed || ENV["RUBIES"] || $?.exitstatus != NOT_AT_HAND

      absent << minor
    end
    puts "Not at hand, so not tested: Ruby #{absent.join(", ")}" unless absent.empty?
    abort "The suite failed on Ruby #{failed.join(", ")}" unless failed.empty?
  end
end
