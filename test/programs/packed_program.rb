# frozen_string_literal: true

# Packs a project with a Gemfile, takes the project away, and runs the archive; also as a server that is asked for pages.
require_relative "program_helper"
require "net/http"

module PackedProgram
  EXE = "#{RubyProcess::PROJECT}/exe/invfs".freeze

  include ProgramHelper

  def setup
    need_gem("bundler", "bundler")
    skip "there are no mounts here" unless mounts?
    @dir = File.realpath(Dir.mktmpdir("invfs-packed"))
  end

  def teardown
    FileUtils.rm_rf(@dir) if @dir
  end

  def mounts? = RubyProcess.run("-I#{RubyProcess::LIB}", "-rinvfs", "-e", "exit InVFS.transparent?").status.zero?

  def pack(files, *options)
    files.each do |name, content|
      FileUtils.mkdir_p(File.dirname("#{@dir}/shop/#{name}"))
      File.write("#{@dir}/shop/#{name}", content)
    end
    outcome = RubyProcess.run(EXE, "pack", "shop", *options, chdir: @dir)
    assert_equal 0, outcome.status, outcome
    FileUtils.rm_rf("#{@dir}/shop")
    outcome.stdout
  end

  # The gems are still installed, but not where RubyGems is told to look.
  def environment = { "XDG_STATE_HOME" => "#{@dir}/state", "HOME" => @dir, "GEM_HOME" => "#{@dir}/none", "GEM_PATH" => "#{@dir}/none" }

  # The command that runs it.
  def program = [RbConfig.ruby, EXE, "run", "shop.zip"]

  def run_packed(*arguments, **options) = RubyProcess.command([*program, *arguments], chdir: @dir, env: environment, **options)

  def assert_prints(expected, *arguments, **options)
    outcome = run_packed(*arguments, **options)
    assert_equal 0, outcome.status, outcome
    assert_match expected, outcome.stdout
  end

  # Starts a server, waits until it says where it listens, and gives the block the address. The server must end well when
  # it is interrupted.
  def serve(*arguments)
    output, child = IO.pipe
    pid = spawn(RubyProcess::CLEAN.merge(environment), *program, *arguments, chdir: @dir, out: child, err: child)
    child.close
    said = +""
    Timeout.timeout(RubyProcess::HANG) do
      said << (output.gets || flunk("the server ended:\n#{said}")) until said =~ %r{Listening on (http://127\.0\.0\.1:\d+)}
    end
    yield Regexp.last_match(1)
    Process.kill(:INT, pid)
    reader = Thread.new { output.read }
    status = Timeout.timeout(RubyProcess::HANG) { Process.wait2(pid)[1] }
    said << reader.value
    pid = nil
    assert_includes [0, 1], status.exitstatus, said
  ensure
    Process.kill(:KILL, pid) && Process.wait(pid) if pid
  end
end
