# frozen_string_literal: true

require_relative "../zip"
require_relative "run/manifest"
require_relative "run/program"

module InVFS
  module CLI
    # `invfs run`. Loads as little as possible, because all of it stays in the process of the program.
    class Run
      HELP = <<~TEXT
        Usage: invfs run [--main FILE | -m NAME] [--writable DIR] ARCHIVE [arguments]

        Runs the main script of ARCHIVE, with the arguments. That is the one that was named when ARCHIVE was packed; else
        main.rb or app.rb; else the only file in exe; else the only file in bin. $0 is its path, and the exit code is that
        of the script. lib of the archive and the gems in it are in $LOAD_PATH. If the path of ARCHIVE is a link, and is
        called as a command in it, that is what runs.

                --main FILE                  Run this script of the archive instead
            -m, --command NAME               Run this command of the archive instead: an executable of the project, or of
                                             a gem in it
                --writable DIR               The archive is writable, and DIR takes the changes; "temporary" is a
                                             directory that is removed at the end
            -h, --help                       Show this
      TEXT

      WITH_VALUE = %w[--main -m --command --writable].freeze
      private_constant :WITH_VALUE

      # The entry that names the main script.
      RECORDED = ".invfs/main"

      # @param arguments [Array<String>] the command line; the program's arguments stay in ARGV
      # @return [Program, Integer] the program to load, or the exit code
      def call(arguments)
        arguments = arguments.dup
        while (option = arguments.first)&.start_with?("-") && option != "-"
          arguments.shift
          case option
          when "--" then break
          when "-h", "--help" then return show_help
          else option(option, arguments)
          end
        end
        prepare(arguments.shift || wrong("ARCHIVE is missing"), arguments)
      end

      # @return [String] what `--help` prints
      def help = HELP

      private

      # An option with a value: `--main FILE`, `--main=FILE`, `-mNAME`.
      def option(option, arguments)
        name, value = option.start_with?("--") ? option.split("=", 2) : [option[0, 2], option[2..]]
        value = nil if value&.empty? && !option.include?("=")
        wrong("invalid option: #{option}") unless WITH_VALUE.include?(name)
        value ||= arguments.shift || wrong("missing argument: #{name}")
        case name
        when "--main" then @main = value
        when "-m", "--command" then @command = value
        else @writable = value
        end
      end

      def wrong(problem) = raise(UsageError, "#{problem}; see invfs run --help")

      def show_help
        puts HELP
        SUCCESS
      end

      # Sets everything up as if the script had been started from disk.
      def prepare(path, arguments)
        archive = InVFS.zip(File.realpath(path))
        manifest = Manifest.of(archive)
        name = script(archive, manifest, path)
        root = InVFS.root(archive)
        surround(archive, manifest, root)
        ARGV.replace(arguments)
        script = "#{root.b}/#{name.b}".force_encoding(root.encoding)
        source = source(archive, name)
        settings = settings(source, script)
        provide_data(source, script)
        $0 = script
        Program.new(script, settings)
      end

      # What the program finds: its load path, its gems, a directory to write into.
      def surround(archive, manifest, root)
        if @writable || manifest
          require_relative "run/surroundings"
          Surroundings.new(archive, manifest || Manifest.new(""), root).make(@writable)
        elsif archive.directory?("lib")
          $LOAD_PATH.unshift("#{root}/lib")
        end
      end

      def script(archive, manifest, path)
        return existing(archive, @main) if @main
        return command(archive, manifest, @command) if @command

        called_by_link(manifest, path) || manifest&.main(archive) || main(archive)
      end

      def command(archive, manifest, name)
        manifest&.commands&.[](name) || raise(Error, "#{archive.to_path}: there is no command #{name}#{manifest&.hint}")
      end

      # A link that has the name of a command stands for it.
      def called_by_link(manifest, path)
        manifest.commands[File.basename(path, ".zip")] if manifest && File.symlink?(path)
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

        found = %w[main.rb app.rb].find { |name| archive.file?(name) }
        return found if found

        %w[exe bin].each do |directory|
          names = archive.entries.map(&:b).grep(%r{\A#{directory}/[^/]+\z}n)
          return names.first if names.size == 1
          raise Error, "#{archive.to_path}: which of #{names.join(", ")}? --main says it" if names.any?
        end
        raise Error, "#{archive.to_path}: no main script: neither main.rb nor app.rb, nor a file in exe or bin; " \
                     "--main names one"
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
