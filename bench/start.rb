# frozen_string_literal: true

# What does loading invfs add to the start of Ruby? Whole processes that do nothing else.
require_relative "support"

Bench.run("start of Ruby", turns: 4) do |bench|
  { "RubyGems" => [], "--disable-gems" => ["--disable-gems"] }.each do |gems, options|
    stock = bench.command("ruby -e 0", [RbConfig.ruby, *options, "-e", "0"])
    invfs = bench.command("ruby -rinvfs/zip -e 0", [RbConfig.ruby, *options, *Bench::INVFS, "-e", "0"])
    bench.row(gems, invfs, stock, bound: gems == "RubyGems" ? 1.1 : nil)
  end
end
