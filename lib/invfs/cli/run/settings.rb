# frozen_string_literal: true

require_relative "parser"

module InVFS
  module CLI
    class Run
      # The settings from the first line of a main script. They are applied after the whole line was read, so that they
      # do not affect the command itself. Prism reads the line when Ruby has already loaded the libraries and set the
      # categories of warnings, so options for these have no effect then.
      class Settings
        # The categories that -w and -W2 turn on and -W0 turns off. Others must be named.
        CATEGORIES = %i[deprecated experimental].freeze

        # The default of every category.
        DEFAULTS = Hash.new(false).update(experimental: true).freeze
        private_constant :CATEGORIES, :DEFAULTS

        # Whether encodings and categories stand that the command line of Ruby has set. Before, the first line changed
        # the categories, and Ruby refused another encoding.
        COMMAND_LINE_STANDS = RUBY_VERSION >= "3.3"

        # Names of encodings, or nil.
        attr_accessor :external, :internal

        # The encodings that Ruby was started with, or nil. One that is the default anyway does not show.
        attr_reader :started_external, :started_internal

        # @param script [String] the path of the script, for messages
        def initialize(script)
          @script = script
          external = Encoding.default_external
          @started_external = external.name unless external == Encoding.find("locale")
          @started_internal = Encoding.default_internal&.name
          @warnings = {}
          @globals = {}
          @load_path = []
          @features = []
        end

        def verbose(value)
          @verbose = [value]
        end

        def debug
          @debug = true
          verbose(true)
        end

        # @param level [Integer] as for -W
        def warning_level(level)
          verbose({ 0 => nil, 1 => false }.fetch(level, true))
          case level
          when 0 then CATEGORIES.each { |category| @warnings[category] = false }
          when 1 then @warnings[:deprecated] = false
          else CATEGORIES.each { |category| @warnings[category] = true }
          end
        end

        # Warns as Ruby does while it reads the line: the options before this one may have turned warnings off or on.
        # @param line [Integer, nil] for the place
        def warn(message, line = nil)
          verbose = @verbose ? @verbose.first : $VERBOSE
          place = Parser.prism? ? [@script, *line].join(":") : "ruby"
          Warning.warn("#{place}: warning: #{message}\n") unless verbose.nil?
        end

        # @return [Boolean] whether this Ruby has such a category
        def warning(category, on)
          category = category.to_sym
          Warning[category]
          @warnings[category] = on
          true
        rescue ArgumentError
          false
        end

        def switches_to_globals
          @switches = true
        end

        def load_path(directories)
          paths = directories.to_s.split(File::PATH_SEPARATOR)
          @load_path.concat(paths.map { |path| File.expand_path(in_locale(path)).freeze })
        end

        def require(feature)
          @features << in_locale(feature) if feature && !Parser.prism?
        end

        # -0, -l, -F and -i.
        def separate_lines_by(separator) = @globals[:$/] = separator
        def end_lines = @globals[:$\] = @globals.fetch(:$/, $/)
        def split_at(pattern) = @globals[:$;] = pattern
        def edit_in_place(suffix) = @globals[:"$-i"] = suffix

        def apply
          $LOAD_PATH.concat(@load_path)
          quietly do
            $/ = @globals[:$/] if @globals.key?(:$/)
            $\ = @globals[:$\] if @globals.key?(:$\)
            $; = @globals[:$;] if @globals.key?(:$;)
            $-i = @globals[:"$-i"] if @globals.key?(:"$-i")
          end
          undecided.each { |category, on| Warning[category] = on }
          $VERBOSE, = @verbose if @verbose
          $DEBUG = true if @debug
        end

        # The part that Ruby does after -r: encodings, and variables from the arguments.
        def apply_late
          quietly do
            Encoding.default_external = @external if @external && !started_external
            Encoding.default_internal = @internal if @internal && !started_internal
          end
          globals_from(ARGV) if @switches
        end

        # @return [Array<String>] the names given to -r
        attr_reader :features

        private

        # A category that the command line set differs from its default; -W0 and -w show in $VERBOSE.
        def undecided
          return {} if Parser.prism?
          return @warnings unless COMMAND_LINE_STANDS

          decided = $VERBOSE.nil? || ($VERBOSE && Warning[:deprecated]) ? CATEGORIES : []
          @warnings.reject { |category, _| decided.include?(category) || Warning[category] != DEFAULTS[category] }
        end

        def in_locale(bytes) = bytes.dup.force_encoding(Encoding.find("locale"))

        # These are deprecated, or not meant for programs; but here we play Ruby's part.
        def quietly
          before = $VERBOSE
          $VERBOSE = nil
          yield
        ensure
          $VERBOSE = before
        end

        # -s: `-name` and `-name=value` in front of the other arguments.
        def globals_from(arguments)
          while arguments.first&.start_with?("-")
            switch = arguments.shift
            break if switch == "--"

            name, equals, value = switch.delete_prefix("-").partition("=")
            raise NameError, "invalid name for global variable - #{switch}" unless name.match?(/\A[\w-]*\z/)

            set_global(name.tr("-", "_"), equals.empty? || value)
          end
        end

        # Ruby has no method for this. A name that cannot be written in a program is useless to it.
        def set_global(name, value)
          return unless name.match?(/\A[a-z_]\w*\z/i)

          eval("->(value) { $#{name} = value }", nil, __FILE__, __LINE__).call(value) # rubocop:disable Security/Eval
        end
      end
    end
  end
end
