# frozen_string_literal: true

# One task for each question in bench: `rake bench:require` runs bench/require.rb.

BENCHES = Dir["#{ROOT}/bench/*.rb"].sort

namespace :bench do
  BENCHES.each do |file|
    name = File.basename(file, ".rb")
    desc "Run bench/#{name}.rb"
    task(name => :compile) { sh RbConfig.ruby, "-I#{ROOT}/lib", file }
  end
end

desc "Run all benchmarks"
task bench: BENCHES.map { |file| "bench:#{File.basename(file, ".rb")}" }
