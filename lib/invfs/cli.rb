# frozen_string_literal: true

# The `invfs` command: finds the subcommand, and turns its errors into one line and an exit code.
require_relative "version"

module InVFS
  # The `invfs` command. docs/cli.md describes it.
  module CLI
    # Exit codes. The program of `invfs run` has its own.
    SUCCESS = 0
    FAILURE = 1
    USAGE = 2
    INTERRUPTED = 130
    BROKEN_PIPE = 141

    # Wrong arguments.
    class UsageError < StandardError
    end

    # The subcommands: the name of each class, and what it does.
    COMMANDS = {
      "pack" => [:Pack, "write an archive of a directory, or of a program with its gems"],
      "unpack" => [:Unpack, "write what is in an archive to a directory"],
      "compile" => [:Compile, "add compiled code for this Ruby to an archive"],
      "list" => [:List, "list what is in an archive"],
      "verify" => [:Verify, "read and check everything in an archive"],
      "doctor" => [:Doctor, "check invfs itself, or an archive; explain why a feature is found or not"],
      "run" => [:Run, "run the main script of an archive"],
      "completion" => [:Completion, "print a script with which a shell completes commands"]
    }.freeze
    private_constant :COMMANDS

    class << self
      # Runs a subcommand.
      # @param arguments [Array<String>] the command line; `run` removes its own part
      # @return [String] the path of a program that the caller must load
      # @raise [SystemExit] for all other subcommands
      def start(arguments)
        outcome = guarded { dispatch(arguments) }
        exit(outcome) if outcome.is_a?(Integer)
        @program = outcome
        @program.start(caller_locations(0))
      end

      # Runs `bundle invfs`.
      # @param arguments [Array<String>] the command line
      # @raise [SystemExit]
      def bundle(arguments)
        exit(guarded do
          require_relative "cli/bundle"
          Bundle.new.call(arguments)
        end)
      end

      # Called where the program was loaded, after an exception ended it.
      # @param error [Exception, nil]
      def ended(error)
        @program&.clean(error)
      end

      # Prints an error in one line, whatever is in the message, even if warnings are silenced.
      # @return [Integer] the exit code
      def complain(message, code = FAILURE)
        text = message.b.force_encoding(Encoding::UTF_8).scrub("?").gsub(/[[:cntrl:]]+/, " ").strip
        $stderr.print("invfs: #{text}\n")
        code
      end

      # @api private
      # @return [Hash{String => String}] the name of each command, and what it does
      def commands = COMMANDS.transform_values(&:last)

      # @api private
      # @return [String] what `invfs NAME --help` prints
      def help_of(name) = command(name).help

      private

      def dispatch(arguments)
        case name = arguments.first
        when nil then raise UsageError, "which command? There are #{COMMANDS.keys.join(", ")}; see invfs --help"
        when "--version", "-v", "version" then say("invfs #{VERSION}")
        when "--help", "-h" then say(help)
        when "help" then arguments.size > 1 ? command(arguments[1]).call(["--help"]) : say(help)
        else command(name).call(arguments.drop(1))
        end
      end

      # Loads a class only with its command: `run` must not load what the others need.
      def command(name)
        constant, = COMMANDS[name]
        raise UsageError, "there is no command #{name}; see invfs --help" unless constant

        require_relative "cli/#{name}"
        const_get(constant).new
      end

      def say(text)
        puts text
        SUCCESS
      end

      def help
        lines = COMMANDS.map { |name, (_, does)| "  #{name.ljust(12)}#{does}" }
        <<~TEXT
          Usage: invfs COMMAND [arguments]

          #{lines.join("\n")}

          invfs COMMAND --help says more about each. invfs --version shows the version.
          Exit codes: 0 done, 1 failed, 2 wrong arguments, 130 interrupted.
        TEXT
      end

      # Runs the block. Returns its value, or the exit code for the exception that it raised.
      def guarded
        outcome = yield
        $stdout.flush
        outcome
      rescue UsageError => e
        complain(e.message, USAGE)
      rescue Interrupt
        INTERRUPTED
      rescue Errno::EPIPE
        # The reader of the output has seen enough.
        BROKEN_PIPE
      rescue StandardError, ScriptError, NoMemoryError => e
        raise if ENV["INVFS_DEBUG"]

        complain(known?(e) ? plain(e.message) : "#{e.class}: #{e.message} (INVFS_DEBUG=1 shows where)", FAILURE)
      end

      # Without the function of Ruby in "No such file or directory @ rb_sysopen - a".
      def plain(message) = message.b.sub(/\A([^@]*) @ \w+ - /n, '\1 - ')

      def known?(error)
        error.is_a?(SystemCallError) || error.is_a?(IOError) || (defined?(InVFS::Error) && error.is_a?(InVFS::Error))
      end
    end
  end
end
