# frozen_string_literal: true

module InVFS
  # Hands compiled code of a virtual file to Ruby's own `load(path, wrap)`, the only way to run it inside a wrapping
  # module. Ruby asks `RubyVM::InstructionSequence.load_iseq` for the compiled form of each file that it loads; for one
  # file of ours, the answer is the prepared code.
  #
  # @api private
  module LoadWrapped
    STUB = File.expand_path("load_wrapped/stub.rb", __dir__).freeze
    private_constant :STUB

    class << self
      # Makes the next `load` of the returned path, in this thread, run `iseq`.
      # @param iseq [RubyVM::InstructionSequence]
      # @return [String]
      def prepare(iseq)
        install
        Thread.current.thread_variable_set(:invfs_load_wrapped, iseq)
        STUB
      end

      # @return [RubyVM::InstructionSequence, nil] the code given to {prepare}, once
      def take(path)
        return unless path == STUB

        iseq = Thread.current.thread_variable_get(:invfs_load_wrapped)
        Thread.current.thread_variable_set(:invfs_load_wrapped, nil)
        iseq
      end

      private

      # Others (bootsnap) define the same hook without calling `super`, so ours must come first: this adds a new module
      # whenever it does not.
      def install
        singleton = RubyVM::InstructionSequence.singleton_class
        return if @hook && singleton.method_defined?(:load_iseq) &&
                  singleton.instance_method(:load_iseq).owner.equal?(@hook)

        @hook = Module.new do
          def load_iseq(path)
            LoadWrapped.take(path) || (defined?(super) ? super : nil)
          end
        end
        singleton.prepend(@hook)
      end
    end
  end
end
