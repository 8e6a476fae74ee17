# frozen_string_literal: true

# A Ruby that has everything loaded and forks for each case, so that a case costs milliseconds.
require_relative "case_runner"

module ForkServer
  # Reads marshalled [request, seconds] from `input`, writes [exit status, signal, timed out] to `output`.
  def self.serve(input, output)
    loop do
      request, seconds = Marshal.load(input) # rubocop:disable Security/MarshalLoad -- written by the test
      child = fork do
        input.close
        output.close
        CaseRunner.run(request)
      end
      Marshal.dump(wait(child, seconds), output)
      output.flush
    rescue EOFError
      break
    end
  end

  def self.wait(child, seconds)
    timed_out = false
    guard = Thread.new do
      sleep(seconds)
      timed_out = true
      Process.kill(:KILL, child)
    end
    _, status = Process.wait2(child)
    guard.kill.join
    [status.exitstatus, status.termsig, timed_out]
  end
  private_class_method :wait
end

output = $stdout.dup
output.close_on_exec = true
input = $stdin.dup
input.close_on_exec = true
[input, output].each(&:binmode)
$stdin.reopen(File::NULL)
$stdout.reopen($stderr)
ForkServer.serve(input, output)
