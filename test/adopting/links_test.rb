# frozen_string_literal: true

# One file is one feature, whatever links lead to it: symbolic links in the archive, and real ones. The same program
# runs on a directory under plain Ruby and on an archive.
require_relative "support"

class AdoptingLinksTest < Minitest::Test
  include AdoptingSupport

  FILES = {
    "lib/a.rb" => "RAN << :a", "src/tool.rb" => "RAN << File.basename(__dir__)\nrequire_relative 'helper'",
    "src/helper.rb" => "RAN << :helper", "src/circle.rb" => "RAN << :circle\nrequire_relative '../lib/circle'"
  }.freeze
  LINKS = { "lib/b.rb" => "a.rb", "lib2" => "lib", "lib/tool.rb" => "../src/tool.rb", "lib/circle.rb" => "../src/circle.rb",
            "lib/dead.rb" => "nowhere", "lib/round.rb" => "round.rb" }.freeze

  PROGRAM = <<~'RUBY'
    RAN = []
    root = ARGV[0]
    told = ->(path) { path.sub(root, "<root>").sub(File.dirname(root), "<base>") }
    answer = lambda do |&way|
      way.call
    rescue LoadError => e
      told.(e.message)
    end
    $: << "#{root}/lib"
    p answer.() { require "a" }, answer.() { require "b" }, answer.() { require "#{root}/lib2/a" }, answer.() { require "tool" }
    p answer.() { require "circle" }, answer.() { require "dead" }, answer.() { require "round" }
    p answer.() { require "#{File.dirname(root)}/current/lib/a" }, answer.() { require "#{File.dirname(root)}/current/src/helper.rb" }
    p answer.() { load "#{File.dirname(root)}/current/src/helper.rb" }
    threads = ["#{root}/lib/b", "#{root}/lib2/b"].map { |name| Thread.new { answer.() { require name } } }
    p threads.map(&:value).sort_by(&:to_s), RAN, $".grep(/\A#{File.dirname(root)}/).map(&told)
  RUBY

  def setup
    super
    { "disk" => "tree", "zip" => "app.zip" }.each do |side, name|
      FileUtils.mkdir_p("#{@dir}/#{side}")
      File.symlink(name, "#{@dir}/#{side}/current")
    end
    FILES.each do |name, text|
      FileUtils.mkdir_p(File.dirname("#{@dir}/disk/tree/#{name}"))
      File.write("#{@dir}/disk/tree/#{name}", text)
    end
    LINKS.each { |name, target| File.symlink(target, "#{@dir}/disk/tree/#{name}") }
    File.binwrite("#{@dir}/zip/app.zip", ZipBuilder.build do |zip|
      FILES.each { |name, text| zip.add(name, text) }
      LINKS.each { |name, target| zip.add(name, target, symlink: true) }
    end)
  end

  def run_on(root, *options, **env)
    outcome = RubyProcess.run(*RubyProcess.without_decorators, *options, "-e", PROGRAM, root, env: env.transform_keys(&:to_s))
    assert_equal ["", 0], [outcome.stderr, outcome.status], outcome.to_s
    outcome.stdout.gsub("app.zip", "tree")
  end

  def test_as_on_disk
    disk = run_on("#{@dir}/disk/tree")
    assert_equal disk, run_on("#{@dir}/zip/app.zip", *RubyProcess::INVFS)
    mounted = "-r#{@dir}/mounts.rb"
    File.write("#{@dir}/mounts.rb", "InVFS.mount(\"#{@dir}/zip/mounted\", InVFS.zip(\"#{@dir}/zip/app.zip\"))\n")
    File.delete("#{@dir}/zip/current")
    File.symlink("mounted", "#{@dir}/zip/current")
    assert_equal disk, run_on("#{@dir}/zip/mounted", *RubyProcess::INVFS, mounted).gsub("mounted", "tree")
  end

  # The loader of invfs goes by the names that it is given, and no real link leads it into an archive.
  def test_without_mounts
    printed = run_on("#{@dir}/zip/app.zip", *RubyProcess::INVFS, RUBY_INVFS_TRANSPARENT: "0")
    assert_includes printed, "<root>/lib2/a.rb"
    assert_includes printed, "cannot load such file -- <base>/current/lib/a"
  end
end
