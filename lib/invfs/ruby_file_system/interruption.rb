# frozen_string_literal: true

module InVFS
  module RubyFileSystem
    # A Thread#raise or Thread#kill that came while the thread was inside a method of a file system.
    #
    # Nothing may jump over the file operation, because C code may have called it. An exception may be meant for the
    # method, for example a time limit in it. So it is raised there, and again after the operation if it leaves the
    # method. A kill only ends the method, and kills the thread after the operation. Ruby tells which of the two it is
    # when it asks for `exception` in the thread concerned.
    class Interruption < Exception # rubocop:disable Lint/InheritException -- no `rescue` shall stop it
      KILL = Thread.instance_method(:kill)
      # The interruptions that are on their way through a method: by exception, and by thread for those that throw.
      RAISED = ObjectSpace::WeakMap.new
      THROWN = {}.compare_by_identity
      private_constant :KILL, :RAISED, :THROWN

      # Puts off interruptions by Thread's methods. Others (a signal, the end of the program) are caught where they
      # arrive.
      module Methods
        def raise(*arguments, **options)
          return super if equal?(Thread.current) || !RubyFileSystem.inside?(self) || arguments.first.is_a?(Interruption)

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
      private_constant :Methods, :ClassMethods

      class << self
        def watch
          Thread.prepend(Methods)
          Thread.singleton_class.prepend(ClassMethods)
        end

        # The interruption for `thread.raise(*arguments)`.
        def raising(thread, arguments, options)
          raised = arguments.empty? ? RuntimeError.new("unhandled exception") : exception_of(arguments)
          new(thread) { options.key?(:cause) ? with_cause(raised, options[:cause]) : raised.exception }
        end

        def kill(thread)
          new(thread, kills: true) do |interruption|
            KILL.bind_call(thread)
            interruption # where Ruby thinks that the thread is ending already
          end
        end

        # The interruption that raised this exception inside a method; nil for the method's own.
        def behind(error)
          error.is_a?(Interruption) ? error : RAISED[error]
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
      attr_reader :depth

      def initialize(thread, kills: false, &action)
        @thread = thread
        @kills = kills
        @action = action
        super("interrupted")
      end

      # Asked when it is raised: here and now, or at the thread that is to get it.
      def exception(*)
        return self unless Thread.current.equal?(@thread)
        return @action.call(self) unless RubyFileSystem.inside?(@thread)
        return raise_inside unless @kills

        RubyFileSystem.note(self)
        self
      end

      private

      def raise_inside
        # Some exceptions throw instead, when they are raised.
        @depth = RubyFileSystem.depth(@thread)
        THROWN[@thread] = self
        raised = @action.call(self)
        THROWN.delete(@thread)
        RAISED[raised] = self
        raised
      end
    end
  end
end
