# frozen_string_literal: true

# A process that runs the cases of one subject on one target and prints what they observed, a line each. support.rb
# starts it, with a Hash on standard input.
require "fileutils"
require_relative "case_list"
require_relative "observation"
require_relative "targets"

class CaseChild
  # Only stops a hang; it measures nothing.
  HANG = 60

  # What the blocks of the cases can call.
  class Bench
    # The result of the block, or what it raised: for cases that observe several things.
    def try
      yield
    rescue StandardError, ScriptError => e
      e
    end

    # The results of calling each of the methods with these arguments.
    def ask(receiver, methods, *arguments)
      methods.to_h { |name| [name, try { receiver.public_send(name, *arguments) }] }
    end

    # The output of this program, which is a child process.
    def output_of(*command, **options) = IO.popen([*command, { err: %i[child out], **options }], &:read)
  end

  def initialize(request)
    @request = request
    @mounted = {}
    @out = File.open(request[:out], "ab")
    @out.sync = true
  end

  def run
    cases = CaseList.of(@request[:subject])
    @request[:cases].each do |name, target|
      kase = cases.find { |candidate| candidate.name == name }
      mount(target)
      kase.isolated ? isolated(kase, target) : report(name, observed(kase, target))
    end
  end

  private

  def mount(target)
    return if target.disk?

    @mounted[target.root] ||= MountTargets::MOUNT.fetch(target.kind).call(target.root, target.material)
  end

  def isolated(kase, target)
    reader, writer = IO.pipe
    pid = fork do
      reader.close
      report(kase.name, observed(kase, target))
      exit!(true)
    end
    writer.close
    hung = IO.select([reader], nil, nil, HANG).nil?
    Process.kill(:KILL, pid) if hung
    Process.wait(pid)
    report(kase.name, [hung ? "hung" : "killed by #{Signal.signame($?.termsig)}"]) if hung || $?.signaled?
  ensure
    reader.close
  end

  def report(name, lines)
    @out.write("#{Marshal.dump([name, lines]).unpack1("H*")}\n")
  end

  # The lines, or [:skip, reason].
  def observed(kase, target)
    kase.needs.each { |library| require library }
    observation = Observation.new(@request[:scratch] => "<scratch>", target.root => "<root>", target.parent => "<parent>")
    in_scratch do |scratch|
      observation.lines(Bench.new.instance_exec(target.root, scratch, &kase.block))
    rescue StandardError, ScriptError, SystemExit => e
      ["raised #{observation.exception(e)}"]
    end
  rescue LoadError => e
    raise unless kase.needs.include?(e.path)

    [:skip, "Ruby #{RUBY_VERSION} has no #{e.path} here"]
  end

  def in_scratch
    scratch = @request[:scratch]
    FileUtils.mkdir(scratch)
    yield scratch
  ensure
    FileUtils.rm_rf(scratch)
  end
end

CaseChild.new(Marshal.load($stdin.binmode)).run # rubocop:disable Security/MarshalLoad -- written by the test
