# frozen_string_literal: true

# Runs a command under strace and lists the system calls that asked the kernel for a path below a mount.
require "open3"
require "tempfile"
require_relative "ruby_process"

class EscapeReport
  # by: :program, or :child for a program that the command has started; call: the name of the system call.
  Line = Struct.new(:by, :call, :path, :text, keyword_init: true)

  # The reason why strace does not run here, or nil.
  def self.unavailable
    return @unavailable if defined?(@unavailable)

    output, status = Open3.capture2e("strace", "-f", "-qq", "-e", "trace=file", "-o", File::NULL, "true")
    @unavailable = status.success? ? nil : "strace does not run here: #{output.lines.last}"
  rescue Errno::ENOENT
    @unavailable = "strace is not installed"
  end

  attr_reader :output, :status, :calls

  # `command` is run from its end with `input`.
  def initialize(*command, input: "")
    Tempfile.create("strace") do |trace|
      strace = ["strace", "-f", "-qq", "-y", "-s", "4096", "-e", "trace=file", "-o", trace.path]
      @output, @status = Open3.capture2e(RubyProcess::CLEAN, *strace, *command, stdin_data: input, binmode: true)
      @calls = parse(File.binread(trace.path))
    end
  end

  # The calls for `root` or a path below it.
  def below(root)
    calls.select { |line| line.path == root || line.path.start_with?("#{root}/") }
  end

  private

  def parse(trace)
    executed = Hash.new(0)
    executed[trace[/\A\d+/]] = -1 # the command itself
    trace.each_line.flat_map do |line|
      pid, text = line.split(" ", 2)
      match = /\A(\w+)\((.*)/.match(text)
      by = executed[pid].positive? ? :child : :program
      executed[pid] += 1 if text.match?(/\A(?:execve\(|<\.\.\. execve).* = 0$/)
      match ? paths(*match.captures).map { |path| Line.new(by: by, call: match[1], path: path, text: text) } : []
    end
  end

  # The paths that a call asks for; relative ones with their starting directory. The target of a new link and the
  # arguments of a program do not count.
  def paths(call, arguments)
    strings = arguments[/\A(?:[^"]|"(?:[^"\\]|\\.)*")*?(?= = -?\d| <unfinished|$)/m].scan(/(?:<([^<>"]*)>(?:\(deleted\))?, )?"((?:[^"\\]|\\.)*)"/)
    strings = case call
              when "symlink", "symlinkat" then strings.drop(1)
              when /\A(?:rename|link)/ then strings.first(2)
              else strings.first(1)
              end
    strings.map { |directory, path| path.start_with?("/") ? path : [directory, path].compact.join("/") }
  end
end
