# frozen_string_literal: true

require_relative "parser"
require_relative "settings"

module InVFS
  module CLI
    class Run
      # Reads the options in the first line of a main script as Ruby does, and stores them in `settings`. Options that
      # can only take effect while Ruby starts are errors; options that Ruby itself ignores there are not.
      class Switches
        KANJI = { "e" => "EUC-JP", "s" => "Windows-31J", "u" => "UTF-8",
                  "n" => "ASCII-8BIT", "a" => "ASCII-8BIT" }.freeze

        # Libraries that `--disable` would have kept from loading. Ruby decides on the other features before it reads
        # the line.
        FEATURES = { "gems" => :Gem, "error_highlight" => :ErrorHighlight, "did_you_mean" => :DidYouMean,
                     "syntax_suggest" => :SyntaxSuggest }.freeze
        DECIDED = %w[rubyopt frozen_string_literal jit mjit rjit yjit zjit].freeze
        private_constant :KANJI, :FEATURES, :DECIDED

        # @param words [Array<String>]
        # @param settings [Settings]
        # @param script [String] the path of the script, for messages
        def initialize(words, settings, script)
          @words = words
          @settings = settings
          @script = script
        end

        # @raise [Error] for an option that cannot be obeyed
        def read
          while (word = @words.shift)&.match?(/\A-./n) && word != "--"
            word.start_with?("--") ? long(word) : short(word.delete_prefix("-"))
          end
          impossible("-K#{@kanji}") if @kanji && Parser.prism? && encoding_of_kanji != "UTF-8"
        end

        private

        # Each letter takes its own part of `rest`.
        def short(rest)
          until rest.empty?
            case letter = rest.slice!(0)
            when "w", "v" then @settings.warning_level(2)
            when "W" then warnings(rest)
            when "d" then @settings.debug
            when "s" then @settings.switches_to_globals
            when "l" then @settings.end_lines
            when "0" then separator(rest)
            when "U" then internal("UTF-8")
            when "K" then kanji(rest.slice!(0).to_s.downcase)
            when "S" then next
            when "h" then return
            else return taking_the_rest(letter, rest)
            end
          end
        end

        def taking_the_rest(letter, rest)
          case letter
          when "I" then @settings.load_path(rest_or_next(rest))
          when "r" then @settings.require(rest_or_next(rest))
          when "E" then encodings(rest_or_next(rest) || missing("-E"), "-E")
          when "F" then split_at(rest) unless rest.empty?
          when "i" then @settings.edit_in_place(rest)
          when "C", "X" then directory(rest_or_next(rest) || missing("-#{letter}"))
          when "x" then directory(rest) unless rest.empty?
          when "n", "p", "a", "c", "e", "y" then impossible("-#{letter}")
          else wrong("invalid option -#{letter}")
          end
        end

        def long(word)
          name, equals, value = word.delete_prefix("--").partition("=")
          value = nil if equals.empty?
          case name
          when "verbose" then @settings.verbose(true)
          when "debug" then @settings.debug
          when "encoding", "external-encoding", "internal-encoding"
            encoding_option(name, value || @words.shift || missing("--#{name}"))
          when "enable", "disable" then features(name, value || @words.shift || missing("--#{name}"))
          when /\A(?:en|dis)able-/n then features(*name.split("-", 2))
          when "copyright", "version", "help", "debug-frozen-string-literal", "jit", "mjit", "rjit" then nil
          when /\Ayjit(-|\z)/n then yjit
          when /\A[mr]jit-/n then nil
          when "dump", "yydebug", "backtrace-limit", "parser", "crash-report" then impossible("--#{name}")
          else wrong("invalid option #{word}")
          end
        end

        # Ruby turns YJIT on before it reads the line; a Ruby without YJIT warns, since 3.2 in these words.
        def yjit
          return if defined?(RubyVM::YJIT)

          hint = " You may need to install rustc to build Ruby with YJIT." if RUBY_VERSION >= "3.2"
          @settings.warn("Ruby was built without YJIT support.#{hint}")
        end

        def warnings(rest)
          return @settings.warning_level((rest.slice!(/\A[0-7]/n) || 2).to_i) unless rest.start_with?(":")

          category = rest.slice!(0..).delete_prefix(":")
          name = category.delete_prefix("no-")
          return if @settings.warning(name.tr("-", "_"), name == category)

          @settings.warn("unknown warning category: #{quoted(name)}")
        end

        def separator(rest)
          digits = rest.slice!(/\A[0-7]{0,3}/n)
          code = digits.oct
          paragraphs = code.zero? && !digits.empty?
          @settings.separate_lines_by(paragraphs ? "" : (code.chr if code <= 0o377))
        end

        def split_at(pattern)
          @settings.split_at(Regexp.new(pattern))
        rescue RegexpError => e
          wrong("-F: #{e.message}")
        end

        # Also the encoding of the script itself, which takes effect when Ruby reads it.
        def kanji(letter)
          name = KANJI[letter] or return
          impossible("-K#{letter}") unless name == "UTF-8"
          @kanji = letter
          @settings.external ||= name
        end

        # Prism gives the source the external encoding, whatever has set it.
        def encoding_of_kanji = @settings.started_external || @settings.external

        # Until Ruby 3.3, quotations began with a grave accent.
        def quoted(name) = RUBY_VERSION >= "3.4" ? "'#{name}'" : "`#{name}'"

        def encodings(value, option)
          external, internal, extra = value.split(":", 3)
          wrong("extra argument for #{option}: #{extra}") if extra
          external(external) unless external.to_s.empty?
          internal(internal) unless internal.to_s.empty?
        end

        def encoding_option(name, value)
          case name
          when "encoding" then encodings(value, "--encoding")
          when "external-encoding" then external(value)
          else internal(value)
          end
        end

        def external(name)
          @settings.external = known(name, "default_external", @settings.external, @settings.started_external)
        end

        def internal(name)
          @settings.internal = known(name, "default_internal", @settings.internal, @settings.started_internal)
        end

        def known(name, what, already, started)
          already ||= started unless Settings::COMMAND_LINE_STANDS
          wrong("#{what} already set to #{already}") if already && already.casecmp(name) != 0
          Encoding.find(name).name
        rescue ArgumentError
          wrong("unknown encoding name - #{name}")
        end

        # Features that Ruby's command line disabled cannot be enabled here, so only --disable matters.
        def features(what, names)
          names.split(",").each do |name|
            feature = name.tr("-", "_")
            constants = feature == "all" ? FEATURES.values : FEATURES.values_at(feature).compact
            if constants.empty?
              @settings.warn("unknown argument for --#{what}: #{quoted(name)}") unless DECIDED.include?(feature)
            elsif what == "disable" && constants.any? { |constant| Object.const_defined?(constant) }
              impossible("--#{what}=#{name}")
            end
          end
        end

        def directory(path)
          Dir.chdir(path)
        rescue SystemCallError
          wrong("Can't chdir to #{path}")
        end

        def rest_or_next(rest) = rest.empty? ? @words.shift : rest

        def missing(option) = wrong("missing argument for #{option}")

        def impossible(option) = wrong("#{option} takes effect only when Ruby starts, which it has already")

        def wrong(problem) = raise(Error, "#{@script}: in its first line: #{problem}")
      end
    end
  end
end
