# frozen_string_literal: true

# Runs differential cases: through one fork server per side if the system can fork, otherwise with one process per case.
require_relative "ruby_process"
require_relative "case_runner"
require_relative "sides"

module CaseProcesses
  SERVER = File.expand_path("fork_server.rb", __dir__)
  RUNNER = File.expand_path("case_runner.rb", __dir__)

  # One preloaded Ruby that forks for each case.
  class Server
    def initialize(arguments, env)
      @io = IO.popen([RubyProcess::CLEAN.merge(env), RbConfig.ruby, *arguments, SERVER], "r+b")
    end

    def start(request)
      Marshal.dump([request, RubyProcess::HANG], @io)
      @io.flush
    end

    # The exit code, the name of the signal that ended the case, or :hang.
    def finish
      code, signal, hang = Marshal.load(@io) # rubocop:disable Security/MarshalLoad -- written by the fork server
      return :hang if hang

      signal ? Signal.signame(signal) : code
    rescue EOFError
      raise "the fork server ended; what it said is above"
    end

    def stop
      @io.close
    end
  end

  class << self
    # Runs all requests (side => request) at the same time. Returns side => Outcome.
    # With `ruby:` (options) or `env:`, each case gets a fresh process.
    def run(requests, ruby: [], env: {})
      forked = Process.respond_to?(:fork) && ruby.empty? && env.empty?
      statuses = forked ? run_forked(requests) : run_fresh(requests, ruby, env)
      statuses.to_h { |side, status| [side, outcome(requests.fetch(side), status)] }
    end

    def stop
      servers.each_value(&:stop)
      servers.clear
    end

    private

    def run_forked(requests)
      requests.each { |side, request| server(side).start(request) }
      requests.to_h { |side, _| [side, server(side).finish] }
    end

    def run_fresh(requests, ruby, env)
      threads = requests.map do |side, request|
        file = "#{request.program}.request"
        File.binwrite(file, Marshal.dump(request))
        surroundings = Sides.environment(side).merge(env)
        Thread.new { [side, RubyProcess.run(*arguments(side, ruby), RUNNER, file, env: surroundings)] }
      end
      # Ruby's messages before the case runs (a bad option, a failed -r) must not get lost.
      ended = threads.to_h(&:value)
      ended.each { |side, early| keep_early_output(requests[side], early) }.transform_values(&:status)
    end

    def keep_early_output(request, early)
      File.open(request.stdout, "ab") { |file| file << early.stdout }
      File.open(request.stderr, "ab") { |file| file << early.stderr }
    end

    def outcome(request, status)
      out, err = [request.stdout, request.stderr].map { |file| File.exist?(file) ? File.read(file) : "" }
      RubyProcess::Outcome.new(stdout: out, stderr: err, status: status)
    end

    def server(side)
      servers[side] ||= Server.new(arguments(side), Sides.environment(side))
    end

    def servers
      @servers ||= {}
    end

    # The case's own options come before invfs is loaded.
    def arguments(side, asked = [])
      RubyProcess.without_decorators + asked + (side == Trees::CONTROL ? [] : RubyProcess::INVFS)
    end
  end
end
