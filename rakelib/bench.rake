# frozen_string_literal: true

# One task for each file in bench: `rake bench:require` runs bench/require.rb.

desc "Run all benchmarks (RUNS=11; RUNS=1 just tries them out)"
task(bench: %i[compile launcher]) { sh({ "RUBY" => RbConfig.ruby }, "#{ROOT}/bin/bench") }

namespace :bench do
  (Dir["#{ROOT}/bench/*.rb"] - ["#{ROOT}/bench/support.rb"]).sort.each do |file|
    name = File.basename(file, ".rb")
    desc "Run bench/#{name}.rb"
    task(name => %i[compile launcher]) { sh({ "RUBY" => RbConfig.ruby }, "#{ROOT}/bin/bench", name) }
  end
end
