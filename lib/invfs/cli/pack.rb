# frozen_string_literal: true

require_relative "../pack"
require_relative "command"
require_relative "pack_report"
require_relative "progress"
require_relative "standard_output"

module InVFS
  module CLI
    # `invfs pack`
    class Pack < Command
      include PackReport

      USAGE_LINE = "PATH [options]"
      SUMMARY = <<~TEXT
        Writes a zip archive of PATH: a script; a directory; or, with the gems that it needs, a .gem, a gemspec, a Gemfile,
        a directory with one of them, or the name of an installed gem. The same files always give the same archive, and
        an old archive is replaced only when the new one is whole. Of a directory everything is packed, but for .git, what
        a .invfsignore names, and what is asked for here. GLOB is relative to the directory; without a slash it means
        names anywhere. See docs/cli.md and docs/packing.md.
      TEXT

      # The name of the output that means standard output.
      STANDARD_OUTPUT = "-"
      private_constant :STANDARD_OUTPUT

      private

      def options(parser)
        @rules = { include: [], exclude: [], add: [], environment: {} }
        output_options(parser)
        content_options(parser)
        start_options(parser)
        standalone_options(parser)
        compression_options(parser, "deflate; native extensions: stored")
        parser.on("--list", "List what is packed and what is left out") { @list = true }
        parser.on("-n", "--dry-run", "Write nothing") { @dry_run = true }
        parser.on("-q", "--quiet", "Say nothing but errors") { @quiet = true }
      end

      def output_options(parser)
        parser.on("-o", "--output FILE", "The archive (PATH.zip, in the current directory);",
                  "standard output: -") { |file| @output = file }
        parser.on("--force", "Replace FILE even if it is no archive") { @rules[:force] = true }
        parser.on("--shebang", "Make a file that starts by itself where", "Ruby and invfs are installed") do
          @rules[:shebang] = true
        end
        parser.on("--compile", "Also store compiled code for this Ruby") { @rules[:compile] = true }
        library_options(parser) { |library| @rules[:library] = library }
      end

      def content_options(parser)
        parser.on("--tree", "Pack a directory as it is, whatever it is") { @rules[:tree] = true }
        parser.on("--add PATH", "A file or directory that goes with a script;", "may be repeated") do |path|
          @rules[:add] << path
        end
        parser.on("--exclude GLOB", "Leave out what fits; may be repeated") { |text| add_glob(:exclude, text) }
        parser.on("--include GLOB", "Leave out what does not fit; may be repeated") { |text| add_glob(:include, text) }
        parser.on("--follow", "Pack what links that lead out lead to") { @rules[:follow] = true }
        parser.on("--without GROUPS", Array, "Groups of the Gemfile that are not packed",
                  "(development,test)") { |groups| @rules[:without] = groups }
      end

      def start_options(parser)
        parser.on("--main FILE", "The script that invfs run runs,", "or the name of an executable") do |file|
          @rules[:main] = file
        end
        parser.on("--flat", "The program starts without RubyGems") { @rules[:start] = :flat }
        parser.on("--rubygems", "RubyGems activates the gems at start") { @rules[:start] = :rubygems }
        parser.on("--bundler", "Bundler finds the gems at start") { @rules[:start] = :bundler }
        parser.on("--writable", "The program writes into its directory") { @rules[:writable] = true }
        parser.on("--chdir", "The program runs in its directory") { @rules[:chdir] = true }
        parser.on("--env NAME=VALUE", "Set a variable, unless the user has;", "may be repeated") do |text|
          add_variable(text)
        end
      end

      def standalone_options(parser)
        parser.on("--standalone", "Write one executable file that holds Ruby,", "too") { @standalone = true }
        parser.on("--stdlib WHAT", %i[lean all], "With --standalone: the standard library",
                  "without tools of developers (lean), or", "all") { |what| @rules[:stdlib] = what }
        parser.on("--mount DIR", "With --standalone: a directory that is", "packed, and appears at its own path;",
                  "may be repeated") { |directory| (@rules[:mounts] ||= []) << directory }
      end

      def add_glob(rule, text)
        raise OptionParser::InvalidArgument, text.inspect if text.delete("/").empty?

        @rules[rule] << text
      end

      def add_variable(text)
        name, equals, value = text.partition("=")
        raise OptionParser::InvalidArgument, text.inspect if name.empty? || equals.empty?

        @rules[:environment][name] = value
      end

      def run(path)
        check_compression
        pack = project.new(path, **@rules, method: @method, level: @level)
        output = @output || default_output(path, pack)
        summary = write(pack, output)
        report(path, pack, summary, output) unless @quiet
        SUCCESS
      end

      def project
        return InVFS::Pack::Standalone if @standalone
        raise UsageError, "--stdlib is for --standalone" if @rules.key?(:stdlib)
        raise UsageError, "--mount is for --standalone" if @rules.key?(:mounts)

        InVFS::Pack::Project
      end

      def default_output(path, pack)
        raise UsageError, "-o is missing: #{path} has no name for the archive" if pack.name.empty?

        return "#{pack.name}.zip" unless @standalone
        raise UsageError, "-o is missing: #{pack.name} is a directory here" if File.directory?(pack.name)

        pack.name
      end

      def write(pack, output)
        return StandardOutput.write(copy: !@dry_run) { |path| write(pack, path) } if output == STANDARD_OUTPUT
        return pack.plan(output) if @dry_run

        Progress.show(quiet: @quiet) { |progress| pack.write(output, &progress) }
      end

      # The archive on standard output leaves the other one for what there is to say.
      def say(*lines) = (@output == STANDARD_OUTPUT && !@dry_run ? $stderr : $stdout).puts(*lines)
    end
    private_constant :Pack
  end
end
