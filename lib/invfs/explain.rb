# frozen_string_literal: true

# InVFS.explain: what `require` would do, where it would look, and why.
module InVFS
  # What `require` of a name would do now, step by step. Nothing is loaded to find out; archives in `$:` are opened.
  #
  #   puts InVFS.explain("app")
  #   InVFS.explain("app").verdict #=> :missing
  class Explanation
    autoload :Compiled, "#{__dir__}/explain/compiled.rb"
    autoload :RubyGems, "#{__dir__}/explain/ruby_gems.rb"
    autoload :Search, "#{__dir__}/explain/search.rb"
    autoload :Wording, "#{__dir__}/explain/wording.rb"
    private_constant :Compiled, :RubyGems, :Search, :Wording

    # One thing that was looked at.
    #
    # `subject` is a path or another thing, `outcome` a Symbol: `:found`, `:loaded`, `:not_loaded`, `:missing`,
    # `:directory`, `:too_large`, `:unreadable`, `:closed`, `:no_directory`, `:no_archive`, `:no_handler`, `:error`,
    # `:gem`, `:no_gem`, `:rubys_loader`, `:own_loader`, `:compiled`, `:not_compiled`; `text` says it in words.
    Step = Struct.new(:subject, :outcome, :text) do
      # @return [String] subject and text, as a line of {Explanation#to_s}
      def to_s = "#{subject}: #{text}"
    end

    # @return [String] what was asked for
    attr_reader :feature

    # @return [Array<Step>] in the order in which `require` looks
    attr_reader :steps

    # What `require` would do:
    # * `:loaded`: return false, because it is loaded already;
    # * `:vfs`, `:disk`: load {#path};
    # * `:gem`: activate a gem and load {#path} from it;
    # * `:missing`: raise a LoadError, because there is no such file;
    # * `:error`: raise {#error}.
    # @return [Symbol]
    attr_reader :verdict

    # @return [String, nil] the file that would be loaded, or the element of `$"` that says it is
    attr_reader :path

    # @return [Exception, nil] what the search raises
    attr_reader :error

    # @param feature [String, #to_path] what `require` is given
    # @raise [TypeError, ArgumentError] if that is not a path
    def initialize(feature)
      @feature = File.path(feature)
      search = Search.new(@feature)
      @verdict, @path, @error = search.run
      @steps = search.steps.freeze
    end

    # Whether `require` would succeed in finding it.
    def found? = !%i[missing error].include?(@verdict)

    # The steps, a line for each, and the verdict.
    # @return [String]
    def to_s
      lines = ["require #{@feature.inspect}"] + @steps.map { |step| "  #{step}" } << "=> #{conclusion}"
      lines.map { |line| "#{printable(line)}\n" }.join
    end

    # @return [String] the verdict in one line
    def conclusion
      case @verdict
      when :loaded then "is loaded already: require would return false"
      when :missing then "would raise a LoadError: there is no such file"
      when :error then "would raise #{@error.class}: #{@error.message}"
      else "would load #{@path}"
      end
    end

    # @return [String]
    def inspect = "#<#{self.class} #{@feature.inspect} #{@verdict} #{@path.inspect}>"

    private

    def printable(line)
      text = line.b.force_encoding(Encoding::UTF_8)
      text = text.inspect[1..-2] unless text.valid_encoding?
      text.gsub(/[[:cntrl:]]/) { |character| character.inspect[1..-2] }
    end
  end
end
