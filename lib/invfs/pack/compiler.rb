# frozen_string_literal: true

require "rbconfig"

module InVFS
  class Pack
    # Compiles in a separate Ruby process, so that the same source always gives the same bytes.
    #
    # In CRuby before 3.4 the binary form contains numbers of syntax nodes that were never set (nothing uses them), and
    # equal strings once or twice, depending on when the garbage collector ran. In the separate process the C library
    # zeroes the memory that it hands out, where it supports that, and the collector is off. A file that crashes Ruby
    # does no harm there either.
    class Compiler
      SERVER = "#{__dir__}/compile_server.rb".freeze
      ENVIRONMENT = { "MALLOC_PERTURB_" => "255", "GLIBC_TUNABLES" => "glibc.malloc.tcache_count=0" }.freeze
      private_constant :SERVER, :ENVIRONMENT

      class << self
        # Gives the block a compiler, and stops it afterwards.
        def open(ruby = RbConfig.ruby)
          compiler = new(ruby)
          yield compiler
        ensure
          compiler&.close
        end

        # Runs in the other process: announces the Ruby for which it compiles, then answers every source with "+" and
        # the compiled form, or "-" and the reason why there is none.
        def serve(input, output)
          deliver(output, CompiledCode.key)
          deliver(output, answer(receive(input))) until input.eof?
        end

        # A message in the pipes: the length, and the bytes.
        def deliver(io, bytes)
          io.write([bytes.bytesize].pack("Q"), bytes)
          io.flush
        end

        def receive(io)
          length = io.read(8).to_s.unpack1("Q") or raise EOFError
          io.read(length).tap { |bytes| raise EOFError if bytes.nil? || bytes.bytesize < length }
        end

        private

        def answer(source)
          GC.disable
          reason = nil
          compiled = CompiledCode.build(source) { |why| reason = why }
          compiled ? "+".b + compiled : "-".b + reason.to_s.b
        ensure
          GC.enable
        end
      end

      # @param ruby [String] the path of this Ruby
      def initialize(ruby)
        @ruby = ruby
      end

      # Compiles the contents of a file; the block gets the reason if there is no compiled form.
      # @return [String, nil]
      def build(source, &reason)
        start unless @started
        return CompiledCode.build(source, &reason) unless @process

        answer = ask(source)
        return answer[1..] if answer.start_with?("+")

        reason&.call(answer[1..].force_encoding(Encoding::UTF_8))
        nil
      end

      def close
        @process&.close
        @process = nil
      end

      private

      # Leaves no process if none can be started, or if it is not this very Ruby.
      def start
        @started = true
        command = [ENVIRONMENT, @ruby, "-W0", "--disable=gems", SERVER]
        @process = IO.popen(command, "r+b", err: File::NULL)
        close unless Compiler.receive(@process) == CompiledCode.key.b
      rescue SystemCallError, EOFError
        close
      end

      def ask(source)
        Compiler.deliver(@process, source)
        Compiler.receive(@process)
      rescue EOFError, Errno::EPIPE
        close
        @started = false
        "-Ruby crashes when it compiles or loads it"
      end
    end
    private_constant :Compiler
  end
end
