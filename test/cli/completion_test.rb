# frozen_string_literal: true

# `invfs completion`: the scripts know every command and option, and the shells that are here accept them.
require_relative "cli_helper"
require "open3"
require "invfs/cli"

class CompletionTest < Minitest::Test
  include CLIHelper

  def script(shell)
    @scripts ||= Hash.new { |scripts, name| scripts[name] = invfs("completion", name).tap { |outcome| assert_success outcome }.stdout }
    @scripts[shell]
  end

  def shell(name)
    places = ENV["PATH"].split(":").map { |directory| "#{directory}/#{name}" }
    places.find { |place| File.executable?(place) } || skip("there is no #{name}")
  end

  # What bash offers for the last of the words.
  def offers(*words)
    program = "#{script("bash")}\nCOMP_WORDS=(#{words.map(&:dump).join(" ")}); COMP_CWORD=#{words.size - 1}; _invfs; printf '%s\\n' \"${COMPREPLY[@]}\""
    out, err, status = Open3.capture3(shell("bash"), "-c", program)
    assert_equal ["", true], [err, status.success?], err
    out.split("\n")
  end

  def test_bash_completes_commands_and_options
    assert_equal %w[pack], offers("invfs", "pa")
    assert_equal %w[verify --version], offers("invfs", "ve") + offers("invfs", "--v")
    assert_equal %w[--directory], offers("invfs", "unpack", "--d")
    assert_equal %w[--main -m], offers("invfs", "run", "--ma") + offers("invfs", "run", "-m")
    assert_empty offers("invfs", "pack", "README")
    assert_empty offers("invfs", "nothing", "--x")
  end

  def test_every_command_and_option_is_in_every_script
    InVFS::CLI.commands.each_key do |command|
      options = InVFS::CLI.help_of(command).scan(/^ +(?:-\w, )? *(--[\w-]+)/).flatten
      assert_includes options, "--help"
      assert_equal options.sort, offers("invfs", command, "--").sort
    end
    script("zsh").then { |text| ["pack:", "unpack:", "*--shebang[", "*--directory["].each { |part| assert_includes text, part } }
    assert_includes script("fish"), "complete -c invfs -n '__fish_seen_subcommand_from unpack' -l directory -s d -r -d 'Where to (ARCHIVE without .zip, in the current directory)'"
  end

  { "bash" => "-n", "zsh" => "-n", "fish" => "--no-execute" }.each do |name, check|
    define_method("test_#{name}_accepts_it") do
      program = shell(name)
      File.write(path("script"), script(name))
      out, status = Open3.capture2e(program, check, path("script"))
      assert_equal ["", true], [out, status.success?], out
    end
  end
end
