# frozen_string_literal: true

# Do applications start faster from one archive than from disk, and than with bootsnap? Whole processes: a script loads
# some of Ruby's library, an application for Rails runs a line, one for Sinatra is loaded, rubocop tells its version.
# All find their gems as they usually do.
require_relative "support"
require_relative "support/bootsnap"
require_relative "support/sources"
require_relative "../test/support/rails_application"

# An application on disk, and in an archive.
class Application
  EXE = "#{RubyProcess::PROJECT}/exe/invfs".freeze
  # Where there are several, a Bundler that finds the lockfile of another starts Ruby again, without these options.
  BUNDLER = IO.popen([RbConfig.ruby, "-rbundler", "-e", "print Bundler::VERSION"], &:read)
  ENVIRONMENT = ["env", "RAILS_ENV=production", "BUNDLER_VERSION=#{BUNDLER}"].freeze

  # @param bench [Bench]
  # @param name [String]
  # @param project [String] what is packed
  # @param script [String] the script on disk
  # @param arguments [Array<String>] its arguments
  def initialize(bench, name, project, script, *arguments)
    @bench, @name, @project, @script, @arguments = bench, name, project, script, arguments
  end

  def disk(*options, label: "from disk") = way(label, *options, @script, *@arguments)

  # @param writable [Boolean] whether the program may write into its directory
  def archive(*options, writable:, label: "#{writable ? "writable" : "read-only"} archive")
    file = "#{@bench.directory}/#{@name}-#{writable}.zip"
    unless File.exist?(file)
      code = "InVFS.pack_project(*ARGV, compile: true, writable: #{writable})"
      RubyProcess.run("-I#{RubyProcess::LIB}", "-rinvfs/pack", "-e", code, @project, file).then do |outcome|
        abort outcome.to_s unless outcome.status.zero?
      end
    end
    way(label, *options, EXE, "run", file, *@arguments)
  end

  private

  def way(label, *command)
    @bench.command(label, [*ENVIRONMENT, "XDG_STATE_HOME=#{@bench.directory}", RbConfig.ruby, *command])
  end
end

# Without gems: what it loads is Ruby's own library.
SCRIPT = { "main.rb" => "require 'json'\nrequire 'optparse'\nrequire 'set'\nputs JSON.generate([1])\n" }.freeze

SINATRA = {
  "Gemfile" => "source 'https://rubygems.org'\ngem 'sinatra'\ngem 'puma'\n",
  "main.rb" => <<~'RUBY'
    ENV["BUNDLE_GEMFILE"] ||= "#{__dir__}/Gemfile"
    require "bundler/setup"
    require "sinatra/base"
    require "puma"
    puts 1
  RUBY
}.freeze

Bench.run("start of applications") do |bench|
  next bench.note("there are no mounts here") unless RUBY_PLATFORM.include?("linux")

  directory = Bench::Sources.write("#{bench.directory}/script", SCRIPT)
  applications = { "a script" => Application.new(bench, "script", directory, "#{directory}/main.rb") }
  if Bench.library?("rails") && Bench.library?("sqlite3") && Bench.library?("puma")
    # Where Rails writes.
    files = RailsApplication::FILES.merge("log/.keep" => "", "tmp/.keep" => "")
    shop = Bench::Sources.write("#{bench.directory}/shop", files)
    applications["Rails"] = Application.new(bench, "shop", shop, "#{shop}/bin/rails", "runner", "p 1")
  end
  if Bench.library?("sinatra/base") && Bench.library?("puma")
    directory = Bench::Sources.write("#{bench.directory}/sinatra", SINATRA)
    applications["Sinatra"] = Application.new(bench, "sinatra", directory, "#{directory}/main.rb")
  end
  rubocop = ENV["PATH"].split(":").map { |place| "#{place}/rubocop" }.find { |path| File.executable?(path) }
  applications["rubocop"] = Application.new(bench, "rubocop", "rubocop", rubocop, "-V") if rubocop

  # Those of Rails are for 6.1 on Ruby 3.1, and for 7.2 on Ruby 3.3: against disk, and against bootsnap.
  rails, writable_rails = RUBY_VERSION < "3.3" ? [[0.52, 0.93], 0.96] : [[nil, 0.95], 0.98]
  bounds = { "Rails" => rails, "rubocop" => [nil, 0.98] }
  applications.each do |name, application|
    disk, read_only = application.disk, application.archive(writable: false)
    bench.row name, read_only, disk, bound: bounds.dig(name, 0)
    next unless Bench::Bootsnap.there?

    setup, = Bench::Bootsnap.setup(bench, name)
    bootsnap = application.disk("-r#{setup}", label: "bootsnap, warm")
    bench.row name, bootsnap, disk
    bench.row name, read_only, bootsnap, bound: bounds.dig(name, 1)
    next unless name == "Rails"

    writable = application.archive(writable: true)
    bench.row name, writable, bootsnap, bound: writable_rails
    bench.row name, writable, read_only, bound: 1.05
    # What the garbage collector takes of both.
    off = "#{bench.directory}/no_collector.rb"
    File.write(off, "GC.disable\n")
    bench.row "#{name}, no garbage collection", application.archive("-r#{off}", writable: false),
              application.disk("-r#{off}", "-r#{setup}", label: "bootsnap, warm")
  end
end
