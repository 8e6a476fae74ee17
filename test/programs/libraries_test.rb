# frozen_string_literal: true

# Real libraries, each with its dependencies, run from one archive as they do from a directory.
require_relative "program_helper"
require "invfs/pack"
require_relative "../support/libraries"
require_relative "../support/library_files"

class LibrariesTest < Minitest::Test
  include ProgramHelper

  PROGRAM = File.expand_path("../support/library_program.rb", __dir__)
  # Both sides have the same name, so that what they print differs in nothing else.
  ROOT = "library.zip"

  Libraries::ALL.each do |name, (package, at_least, use, shows)|
    define_method("test_#{name.tr("-", "_")}") do
      need_gem name, package
      Dir.mktmpdir("invfs-library") { |directory| assert_same_from_archive(File.realpath(directory), name, at_least, use, shows) }
    end
  end

  private

  # at_least:: how many files of it must load on disk
  def assert_same_from_archive(directory, name, at_least, use, shows)
    own, others = lay_out(directory, name)
    control, outcome = [["disk", []], ["archive", RubyProcess::INVFS]].map do |side, options|
      Thread.new { run_side("#{directory}/#{side}", options, own, others, use) }
    end.map(&:value)
    assert_equal 0, control.status, "on disk\n#{control}"
    assert_match shows, control.stdout, "on disk"
    assert_operator control.stdout[/^(\d+) of \d+ files load$/, 1].to_i, :>=, at_least, "on disk\n#{control}"
    assert_match(/^from elsewhere: \[\]$/, outcome.stdout)
    assert_equal stable(control), stable(outcome)
  end

  # The library as a directory, and the same as an archive; returns the directories in it that belong into $:.
  def lay_out(directory, name)
    own, others = LibraryFiles.copy(name, "#{directory}/disk/#{ROOT}")
    own_files, all = [own, own + others].map { |entries| entries.flat_map { |entry| features("#{directory}/disk/#{ROOT}/#{entry}") } }
    FileUtils.mkdir("#{directory}/archive")
    InVFS.pack("#{directory}/disk/#{ROOT}", "#{directory}/archive/#{ROOT}")
    %w[disk archive].each do |side|
      FileUtils.mkdir("#{directory}/#{side}/work")
      File.write("#{directory}/#{side}/work/names", own_files.grep(/\.rb\z/).map { |file| "#{file.delete_suffix(".rb")}\n" }.join)
      File.write("#{directory}/#{side}/work/tree", all.map { |file| "#{file}\n" }.join)
    end
    [own, others]
  end

  def features(directory) = Dir.glob("**/*.{rb,so}", base: directory).sort

  def run_side(directory, options, own, others, use)
    work = "#{directory}/work"
    File.write("#{work}/use.rb", use)
    arguments = ["#{directory}/#{ROOT}", own.join(","), others.join(","), "#{work}/use.rb"]
    outcome = RubyProcess.run(*options, PROGRAM, *arguments, env: environment(work, false), chdir: work)
    [outcome.stdout, outcome.stderr].each { |text| text.gsub!(directory, "<side>") }
    outcome
  end
end
