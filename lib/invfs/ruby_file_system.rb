# frozen_string_literal: true

# What the native library calls when a file operation asks a file system that is written in Ruby. Loaded when the first
# one is mounted.
require_relative "ruby_file_system/interruption"
require_relative "ruby_file_system/names"
require_relative "ruby_file_system/status"
require_relative "ruby_file_system/object_calls"
require_relative "ruby_file_system/block_calls"
require_relative "ruby_file_system/opening"
require_relative "ruby_file_system/adapter"
require_relative "ruby_file_system/open_files"

module InVFS
  # From what was mounted to answers that can be trusted, and from exceptions to error numbers.
  module RubyFileSystem
    # What is not wrong with the file system, but wants to end the thread, or to leave a block: all that is neither
    # StandardError nor one of these.
    FAILURES = [StandardError, ScriptError, SecurityError, SystemStackError, NoMemoryError].freeze

    class << self
      # What answers for `object`; nil where that is no file system.
      def adapter(object)
        calls = object.is_a?(Proc) ? BlockCalls.new(object) : ObjectCalls.of(object)
        calls && Adapter.new(calls)
      end

      # From now on, interruptions of threads that are inside a method of a file system are put off, and files that are
      # open when the program ends are closed.
      def watch
        Interruption.watch
        OpenFiles.watch
      end

      # Whether a thread is at this moment inside a method of a file system.
      def inside?(thread) = depth(thread).positive?

      # The error number for what a method raised.
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

      # The error number for a jump out of a method that is no exception.
      def jumped(kind, operation, path)
        thrown = Interruption.thrown
        if kind.match?(/fatal/i)
          # Ruby takes the thread for dead already and kills it no more: it goes by an exception that nobody rescues.
          Thread.current.report_on_exception = false
          put_off(Interruption.kill(Thread.current))
        elsif thrown
          put_off(thrown)
        else
          complain("#{operation} #{path}: left by #{kind.downcase}, which ends here")
          # Not EINTR: Ruby 3.4 then tries again, and nothing would stop it.
          Errno::EIO::Errno
        end
      end

      # Raises in a thread what it did not get while it was inside.
      def deliver(thread, interruption)
        thread.raise(interruption) if thread.alive?
      end

      # Says something under -w.
      def complain(message)
        warn("invfs: #{message}") if $VERBOSE
      end

      private

      # Has it raised behind the file operation, which ends here.
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
