# frozen_string_literal: true

# How fast do programs start that are packed with Ruby into one file? Whole processes, compared with the same programs
# on disk under the Ruby that is installed.
require_relative "support"
require_relative "support/sources"
require "#{Bench::LIB}/invfs/pack"

unless File.file?("#{Bench::LIB}/invfs/invfs-launcher")
  puts "bench/standalone.rb was not run: there is no launcher, rake launcher builds it"
  exit
end

# The time from the call that ends a process to its end, as strace sees it.
LEAVE = <<~'RUBY'
  log = IO.popen(["strace", "-ttt", "-e", "trace=exit_group", *ARGV], err: %i[child out], &:read)
  times = log.scan(/^(\d+\.\d+) (?:exit_group|\+\+\+ exited)/).flatten.map(&:to_f)
  puts times[1] - times[0]
RUBY

Bench.run("start of programs packed with Ruby", turns: 2) do |bench|
  pack = lambda do |path, **options|
    file = "#{bench.directory}/#{File.basename(path, ".rb")}.run"
    InVFS::Pack::Standalone.new(path, **options).write(file)
    file
  end
  count = Bench.trial? ? 10 : 200
  hello, many = %w[hello many].map { |name| "#{bench.directory}/#{name}.rb" }
  File.write(hello, "puts 'hello'\n")
  small = Bench::Sources.write("#{bench.directory}/lib", Bench::Sources.small(count))
  File.write(many, <<~RUBY)
    $:.unshift("\#{__dir__}/lib")
    1.upto(#{count}) { |number| require format("small/part%04d", number) }
  RUBY

  packed = pack[hello]
  one = bench.command("hello, one file", [packed])
  ruby = bench.command("ruby hello.rb", [RbConfig.ruby, hello])
  bench.row "hello", one, ruby, bound: 0.45
  bare = bench.command("ruby --disable-gems hello.rb", [RbConfig.ruby, "--disable-gems", hello])
  bench.row "hello, without RubyGems", one, bare
  bench.row "#{count} files", bench.command("#{count} files, one file", [pack[many, add: [small]]]),
            bench.command("ruby, #{count} files", [RbConfig.ruby, many]), bound: 0.45
  if Bench.library?("rubocop")
    rubocop = bench.command("rubocop --version", [RbConfig.ruby, "-S", "rubocop", "--version"])
    packed_rubocop = bench.command("rubocop, one file", [pack["rubocop"], "--version"])
    bench.row "rubocop --version", packed_rubocop, rubocop, bound: 0.55
  end
  if %w[sinatra/base puma bundler].all? { |name| Bench.library?(name) }
    application = "#{bench.directory}/application"
    Dir.mkdir(application)
    File.write("#{application}/Gemfile", "source 'https://rubygems.org'\ngem 'sinatra'\ngem 'puma'\n")
    File.write("#{application}/main.rb", "require 'sinatra/base'\nrequire 'puma'\nrequire 'puma/server'\n")
    ruby = ["env", "BUNDLE_GEMFILE=#{application}/Gemfile", RbConfig.ruby, "-rbundler/setup", "#{application}/main.rb"]
    bench.row "sinatra and puma, loaded", bench.command("sinatra and puma, one file", [pack[application]]),
              bench.command("ruby -rbundler/setup", ruby), bound: 0.45
  end
  if system("strace", "-V", out: File::NULL, err: File::NULL)
    leave = ->(name, command) { bench.ruby(name, [], LEAVE, *command) }
    bench.row "from exit_group to the end", leave["one file", [packed]], leave["ruby", [RbConfig.ruby, hello]]
  end
  bench.note "hello in one file: #{(File.size(packed) / 1e6).round(1)} MB"
end
