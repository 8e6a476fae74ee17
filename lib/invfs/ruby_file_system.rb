# frozen_string_literal: true

# The Ruby side of file systems written in Ruby: the native library calls it for each file operation. Loaded when the
# first one is mounted.
require_relative "ruby_file_system/unknown"
require_relative "ruby_file_system/interruption"
require_relative "ruby_file_system/names"
require_relative "ruby_file_system/status"
require_relative "ruby_file_system/object_calls"
require_relative "ruby_file_system/block_calls"
require_relative "ruby_file_system/opening"
require_relative "ruby_file_system/cache"
require_relative "ruby_file_system/answers"
require_relative "ruby_file_system/contents"
require_relative "ruby_file_system/operation"
require_relative "ruby_file_system/adapter"
require_relative "ruby_file_system/open_files"

module InVFS
  # Turns the answers of a file system into ones that can be trusted, and its exceptions into error numbers.
  module RubyFileSystem
    # Exceptions that are failures of the file system. All others (Interrupt, throw, kill) are interruptions, which are
    # raised again when the file operation is over.
    FAILURES = [StandardError, ScriptError, SecurityError, SystemStackError, NoMemoryError].freeze

    class << self
      # The adapter for `object`; nil if it is not a file system.
      # @param seconds [Numeric, nil] how long answers of `stat` and `list` count
      def adapter(object, seconds)
        unless seconds.nil? || (seconds.is_a?(Numeric) && seconds.real? && seconds >= 0)
          raise ArgumentError, "cache: #{seconds.inspect} is no number of seconds"
        end

        calls = object.is_a?(Proc) ? BlockCalls.new(object) : ObjectCalls.of(object)
        calls && Adapter.new(calls, seconds)
      end

      # From now on, puts off interruptions of threads that are inside a method of a file system, and closes the files
      # that are open when the program ends.
      def watch
        Interruption.watch
        OpenFiles.watch
      end

      # Whether a thread is inside a method of a file system now.
      def inside?(thread) = depth(thread).positive?

      # The error number for an exception of a method.
      def errno(error, operation, path)
        error = error.new if error.is_a?(Class)
        interruption = Interruption.behind(error)
        return put_off(interruption) if interruption

        case error
        when SystemCallError then number(error, operation, path)
        when NoMemoryError then report(error, operation, path, Errno::ENOMEM::Errno)
        when *FAILURES then report(error, operation, path, Errno::EIO::Errno)
        else put_off(error)
        end
      end

      # The error number for a jump out of a method other than an exception.
      def jumped(kind, operation, path)
        thrown = Interruption.thrown
        if kind.match?(/fatal/i)
          # Ruby takes the thread for dead and does not kill it again: an exception that no code rescues ends it.
          Thread.current.report_on_exception = false
          put_off(Interruption.kill(Thread.current))
        elsif thrown
          put_off(thrown)
        else
          complain("#{operation} #{path}: left by #{kind.downcase}, which ends here")
          # Not EINTR: Ruby 3.4 would try again for ever.
          Errno::EIO::Errno
        end
      end

      # Raises an interruption in a thread that could not get it while it was inside.
      def deliver(thread, interruption)
        thread.raise(interruption) if thread.alive?
      end

      # The native library found them in what `list` answered.
      def no_names(path, names)
        names.each { |name| complain("list #{path}: #{name.inspect[0, 100]} is no name") }
      end

      # Prints a warning under -w.
      def complain(message)
        warn("invfs: #{message}") if $VERBOSE
      end

      private

      # Has it raised after the file operation, which ends here.
      def put_off(interruption)
        note(interruption)
        Errno::EINTR::Errno
      end

      def number(error, operation, path)
        number = error.errno
        return number if number.is_a?(Integer) && number.between?(1, 4095)

        report(error, operation, path, Errno::EIO::Errno)
      end

      def report(error, operation, path, number)
        if $VERBOSE
          message = begin
            error.message.to_s
          rescue *FAILURES
            "(no message)"
          end
          place = error.backtrace&.first
          complain("#{operation} #{path}: #{error.class}: #{message}#{" (#{place})" if place}")
        end
        number
      end
    end
  end
end
