# frozen_string_literal: true

# One way to do the task of a benchmark: a command that runs in fresh processes, and the time that it took.
require "tempfile"
require_relative "../../test/support/ruby_process"

class Bench
  # measure: :process, the time of the whole process, or :printed, the last line that it prints: seconds of processor
  # time, then of clock time (or only the first).
  #
  # Rows compare processor time (user and system): nothing that is measured here waits, and other programs should not
  # matter. Clock time is next to it.
  class Way
    # The first lines of a Ruby program.
    MEASURED = <<~'RUBY'.lines.map(&:strip).join("; ") << "\n"
      def measured
        clocks = [Process::CLOCK_PROCESS_CPUTIME_ID, Process::CLOCK_MONOTONIC]
        start = clocks.map { |clock| Process.clock_gettime(clock) }
        yield
        puts clocks.zip(start).map { |clock, before| Process.clock_gettime(clock) - before }.join(" ")
      end
    RUBY

    attr_reader :name, :samples

    def initialize(name, command, directory, measure, before)
      @name = name
      @command = command
      @directory = directory
      @measure = measure
      @before = before
      @samples = []
    end

    # Runs the command once; `keep` its times or not.
    def run(keep:)
      @before&.call
      out, *times = timed
      times = out.lines.last.split.map { |number| Float(number) } if @measure == :printed
      @samples << times if keep
    end

    # Median of the seconds of processor time, and of clock time (nil if only the former was measured).
    def medians
      [median(@samples.map(&:first)), @samples.first[1] && median(@samples.map { |sample| sample[1] })]
    end

    private

    def timed
      Tempfile.create("err") do |error|
        start = [seconds_of_children, Process.clock_gettime(Process::CLOCK_MONOTONIC)]
        out, status = output(error)
        stop = [seconds_of_children, Process.clock_gettime(Process::CLOCK_MONOTONIC)]
        abort "#{name}: #{status}\n#{@command.join(" ")}\n#{out}#{File.read(error.path)}" unless status.success?
        [out, *start.zip(stop).map { |before, after| after - before }]
      end
    end

    def output(error)
      reader, writer = IO.pipe
      pid = Process.spawn(RubyProcess::CLEAN, *@command, chdir: @directory, in: File::NULL, out: writer, err: error)
      writer.close
      out = reader.read
      _, status = Process.wait2(pid)
      [out, status]
    ensure
      reader.close
    end

    def seconds_of_children
      Process.times.then { |times| times.cutime + times.cstime }
    end

    def median(numbers)
      sorted = numbers.sort
      middle = sorted.size / 2
      sorted.size.odd? ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    end

    # A number that is known in advance.
    Given = Struct.new(:name, :number) do
      def medians = [number, nil]
    end
  end
end
