# frozen_string_literal: true

require_relative "../own_entries"
require_relative "../zip"
require_relative "run/manifest"
require_relative "run/program"
require_relative "run/script_data"

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
        InVFS.const_get(:Children).run(archive) if InVFS.transparent?
        surround(archive, manifest, root)
        ARGV.replace(arguments)
        script = "#{root.b}/#{name.b}".force_encoding(root.encoding)
        source = source(archive, name)
        settings = settings(source, script)
        ScriptData.provide(source, script)
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
        # A byte order mark may be in front of it.
        return unless source.byteslice(0, 5).include?("#!")

        %w[first_line settings].each { |name| require_relative "run/#{name}" }
        settings = Settings.new(script)
        FirstLine.new(source, script).read(settings)
        settings
      end

      def existing(archive, name)
        archive.file?(name) ? name : raise(Error, "#{archive.to_path}: there is no #{name}")
      end

      def main(archive)
        return existing(archive, archive.read(OwnEntries::MAIN).delete_suffix("\n")) if archive.file?(OwnEntries::MAIN)

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
    end
    private_constant :Run
  end
end
