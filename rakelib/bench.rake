# frozen_string_literal: true

# One task for each question in bench: `rake bench:require` runs bench/require.rb.

BENCHES = (Dir["#{ROOT}/bench/*.rb"] - ["#{ROOT}/bench/support.rb"]).sort

namespace :bench do
  BENCHES.each do |file|
    name = File.basename(file, ".rb")
    desc "Run bench/#{name}.rb (RUNS=11)"
    task(name => :compile) { sh RbConfig.ruby, file }
  end
end

desc "Run all benchmarks (RUNS=11; RUNS=1 just tries them out)"
task bench: BENCHES.map { |file| "bench:#{File.basename(file, ".rb")}" }
