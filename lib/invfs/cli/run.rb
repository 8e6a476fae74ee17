# frozen_string_literal: true

require_relative "../zip"
require_relative "run/program"

module InVFS
  module CLI
    # `invfs run`. Loads as little as possible, because all of it stays in the process of the program.
    class Run
      HELP = <<~TEXT
        Usage: invfs run [--main FILE] ARCHIVE [arguments]

        Runs the main script of ARCHIVE, with the arguments. That is the one that invfs pack --main named; else main.rb; else
        the only file in exe; else the only file in bin. $0 is its path, lib of the archive is in $LOAD_PATH, and the
        exit code is that of the script.

                --main FILE                  Run this script of the archive instead
            -h, --help                       Show this
      TEXT

      # The entry that names the main script.
      RECORDED = ".invfs/main"

      # @param arguments [Array<String>] the command line; the program's arguments stay in ARGV
      # @return [Program, Integer] the program to load, or the exit code
      def call(arguments)
        arguments = arguments.dup
        main = nil
        while (option = arguments.first)&.start_with?("-") && option != "-"
          arguments.shift
          case option
          when "--" then break
          when "-h", "--help" then return help
          when "--main" then main = arguments.shift || wrong("missing argument: --main")
          when /\A--main=/ then main = option.delete_prefix("--main=")
          else wrong("invalid option: #{option}")
          end
        end
        prepare(arguments.shift || wrong("ARCHIVE is missing"), main, arguments)
      end

      private

      def wrong(problem) = raise(UsageError, "#{problem}; see invfs run --help")

      def help
        puts HELP
        SUCCESS
      end

      # Sets everything up as if the script had been started from disk.
      def prepare(path, wanted, arguments)
        archive = InVFS.zip(File.realpath(path))
        name = wanted ? existing(archive, wanted) : main(archive)
        root = InVFS.root(archive)
        $LOAD_PATH.unshift("#{root}/lib") if archive.directory?("lib")
        ARGV.replace(arguments)
        script = "#{root.b}/#{name.b}".force_encoding(root.encoding)
        source = source(archive, name)
        settings = settings(source, script)
        provide_data(source, script)
        $0 = script
        Program.new(script, settings)
      end

      # Ruby's own error would look like an error of the program.
      def source(archive, name)
        source = archive.read(name)
        return source if source.bytesize <= MAX_LOADSIZE

        raise Error, "#{archive.to_path}: #{name} is too large: #{source.bytesize} bytes, more than the limit of " \
                     "#{MAX_LOADSIZE} (RUBY_REQUIRE_INVFS_MAX_LOADSIZE raises it)"
      end

      # The settings from the first line of the script, if it has any.
      def settings(source, script)
        return unless source.start_with?("#!")

        %w[first_line settings switches].each { |name| require_relative "run/#{name}" }
        words = FirstLine.new(source, script).words
        return if words.empty?

        Settings.new.tap { |settings| Switches.new(words, settings, script).read }
      end

      def existing(archive, name)
        archive.file?(name) ? name : raise(Error, "#{archive.to_path}: there is no #{name}")
      end

      def main(archive)
        return existing(archive, archive.read(RECORDED).delete_suffix("\n")) if archive.file?(RECORDED)
        return "main.rb" if archive.file?("main.rb")

        %w[exe bin].each do |directory|
          names = archive.entries.map(&:b).grep(%r{\A#{directory}/[^/]+\z}n)
          return names.first if names.size == 1
          raise Error, "#{archive.to_path}: which of #{names.join(", ")}? --main says it" if names.any?
        end
        raise Error, "#{archive.to_path}: no main script: neither main.rb nor a file in exe or bin; --main names one"
      end

      # DATA: the script, opened after __END__, as in Ruby.
      def provide_data(source, script)
        at = data_position(source) or return

        file = File.file?(script) ? File.open(script) : temporary(source)
        file.set_encoding(encoding(source))
        file.pos = at
        file.lineno = source.byteslice(0, at).lines.size
        Object.const_set(:DATA, file)
      end

      # Only if the code before it is complete: __END__ may also be part of a heredoc or a block comment.
      def data_position(source)
        found = nil
        while (found = source.b.match(/^__END__\r?(?:\n|\z)/n, found ? found.end(0) : 0))
          return found.end(0) if whole?(source.byteslice(0, found.begin(0)))
        end
      end

      def whole?(code)
        verbose, $VERBOSE = $VERBOSE, nil
        RubyVM::InstructionSequence.compile(code.force_encoding(Encoding::UTF_8))
        true
      rescue SyntaxError, ArgumentError
        # If the script is wrong, Ruby reports it when it loads it.
        false
      ensure
        $VERBOSE = verbose
      end

      # For systems where archives are not readable as directories.
      def temporary(source)
        require "tempfile"
        file = Tempfile.create("invfs")
        File.binwrite(file.path, source)
        File.unlink(file)
        file
      end

      # The encoding in the magic comment. If it is wrong, Ruby reports it when it loads the script.
      def encoding(source)
        name = source.b[/\A(?:\xEF\xBB\xBF)?(?:#!.*\n)?[ \t\f\v]*#.*?coding[ \t]*[:=][ \t]*"?([\w.-]+)/n, 1]
        Encoding.find(name || "UTF-8")
      rescue ArgumentError
        Encoding::UTF_8
      end
    end
    private_constant :Run
  end
end
