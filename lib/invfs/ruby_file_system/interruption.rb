# frozen_string_literal: true

module InVFS
  module RubyFileSystem
    # A Thread#raise or Thread#kill that reaches a thread inside a method of a file system.
    #
    # Nothing may jump over the file operation, because C code may have called it. An exception may be meant for the
    # method, for example a time limit in it. So it is raised there, and again after the operation if it leaves the
    # method. A thread may go into a method after another has decided to raise and before the exception arrives: so all
    # exceptions of Thread#raise are noted, as themselves, for Thread.handle_interrupt goes by their class. A kill only
    # ends the method, and kills the thread after the operation. Ruby tells where a kill arrives when it asks for
    # `exception` in the thread concerned.
    class Interruption < Exception # rubocop:disable Lint/InheritException -- no `rescue` shall stop it
      KILL = Thread.instance_method(:kill)
      # By exception of Thread#raise, the thread that is to get it; and by thread, what throws on its way through a
      # method.
      RAISED = ObjectSpace::WeakMap.new
      THROWN = {}.compare_by_identity
      private_constant :KILL, :RAISED, :THROWN

      # Puts off interruptions by Thread's methods. Others (a signal, the end of the program) are caught where they
      # arrive.
      module Methods
        def raise(*arguments, **options)
          plain = arguments.first.is_a?(Interruption) || options.any? { |name, _| name != :cause }
          return super if plain || equal?(Thread.current)

          super(Interruption.raising(self, arguments, options))
        end

        def kill
          return super unless RubyFileSystem.inside?(self) && !equal?(Thread.main)

          method(:raise).super_method.call(Interruption.kill(self))
          self
        end
        alias terminate kill
        alias exit kill
      end

      # The same methods, of the class.
      module ClassMethods
        def kill(thread)
          thread.is_a?(Thread) ? thread.kill : super
        end

        def exit = Thread.current.kill
      end

      # In front of an `exception` that the class of an exception defines: some throw instead, when they are raised.
      module Announced
        def exception(*)
          Interruption.announce(self) { super }
        end
      end
      private_constant :Methods, :ClassMethods, :Announced

      class << self
        def watch
          Thread.prepend(Methods)
          Thread.singleton_class.prepend(ClassMethods)
        end

        # The exception for `thread.raise(*arguments)`, noted as one that comes from outside.
        def raising(thread, arguments, options)
          raised = arguments.empty? ? RuntimeError.new("unhandled exception") : exception_of(arguments)
          raised = with_cause(raised, options[:cause]) if options.key?(:cause)
          RAISED[raised] = thread
          raised.extend(Announced) unless raised.frozen? || raised.method(:exception).owner == Exception
          raised
        end

        # Called when the exception is raised, perhaps inside a method of its thread.
        def announce(raised)
          interruption = behind(raised)
          return yield unless interruption && RubyFileSystem.inside?(Thread.current)

          thread = Thread.current
          interruption.depth = RubyFileSystem.depth(thread)
          THROWN[thread] = interruption
          answer = yield
          THROWN.delete(thread)
          RAISED[answer] = thread
          answer
        end

        def kill(thread)
          new(thread, kills: true) do |interruption|
            KILL.bind_call(thread)
            interruption # where Ruby thinks that the thread is ending already
          end
        end

        # The interruption that raised this exception in this thread; nil for the method's own.
        def behind(error)
          return error if error.is_a?(Interruption)

          thread = RAISED[error]
          new(thread) { error.exception } if thread.equal?(Thread.current)
        end

        # The interruption that threw inside a method of this thread.
        def thrown = THROWN.delete(Thread.current)

        # Called at the beginning of a method: what threw in an earlier one, of this depth or a greater one, was caught
        # there. What threw in one that is still running may be on its way, through an `ensure`.
        def forget_what_was_caught
          return if THROWN.empty?

          known = THROWN[Thread.current]
          thrown if known && known.depth >= RubyFileSystem.depth(Thread.current)
        end

        private

        # As Thread#raise makes it: in the thread that raises, where a TypeError belongs, too.
        def exception_of(arguments)
          first, *rest = arguments
          return RuntimeError.new(first) if first.is_a?(String) && rest.empty?
          raise TypeError, "exception class/object expected" unless first.respond_to?(:exception)

          made = first.exception(*rest.first(1))
          raise TypeError, "exception object expected" unless made.is_a?(Exception)

          made.set_backtrace(rest[1]) if rest[1]
          made
        end

        def with_cause(raised, cause)
          raise raised, cause: cause
        rescue raised.class => e
          e
        end
      end

      # The number of methods that the thread was inside of when it was raised there.
      attr_accessor :depth

      def initialize(thread, kills: false, &action)
        @thread = thread
        @kills = kills
        @action = action
        super("interrupted")
      end

      # Asked when it is raised: here and now, or at the thread that is to get it.
      def exception(*)
        return self unless Thread.current.equal?(@thread)
        return @action.call(self) unless @kills && RubyFileSystem.inside?(@thread)

        RubyFileSystem.note(self)
        self
      end
    end
  end
end
