# frozen_string_literal: true

# The documentation of the native methods, from the comments of the Rust code (`/// @def name(arguments)`), as a Ruby file
# that ri, RDoc and YARD read. `rake api` writes it; it is never loaded.
module NativeDocs
  ROOT = File.expand_path("../..", __dir__).freeze
  SOURCES = "#{ROOT}/ext/invfs/src/**/*.rs".freeze
  FILE = "#{ROOT}/api/invfs.rb".freeze

  # A method: the module it is in, :singleton or :instance, its name, its arguments as in a `def`, and the comment.
  Method = Struct.new(:owner, :kind, :name, :arguments, :comment)

  # One Rust file: the comments of its functions, and the Ruby methods that it makes of them.
  class RustFile
    COMMENT = %r{((?:^ *///.*\n)+)(?: *\#\[.*\n)* *(?:pub )?fn (\w+)}
    DEFINITION = /(\w+)\.define_(singleton_)?method\(\s*"([^"]+)",\s*(?:method|function)!\(\s*([\w:]+|\|)/
    private_constant :COMMENT, :DEFINITION

    # @return [String, nil] the Ruby class or module that the file is about
    attr_reader :owner

    # @return [String] what the first line says about it
    attr_reader :summary

    def initialize(text)
      @text = text
      # What of a class is for the gem alone has no summary that begins with its name.
      @owner, @summary = text.match(%r{\A//! `(InVFS::\w+)`: (.+)})&.captures
      @comments = text.scan(COMMENT).to_h { |comment, function| [function, comment.gsub(%r{^ */// ?}, "")] }
    end

    # @return [Array<Method>] those that have a comment with @def
    def methods
      @text.scan(DEFINITION).filter_map do |receiver, singleton, name, function|
        comment = @comments[function.split("::").last]
        owner = { "module" => "InVFS", "class" => @owner, "shared" => @owner }[receiver]
        method(owner, singleton ? :singleton : :instance, name, comment) if owner && comment&.start_with?("@def ")
      end
    end

    private

    def method(owner, kind, name, comment)
      first, rest = comment.split("\n", 2)
      Method.new(owner, kind, name, first[/\(.*\)/].to_s, paragraphs(rest.to_s))
    end

    # With an empty line before each tag: RDoc, which does not know tags, would make one paragraph of them.
    # And each tag in one line, because RDoc takes lines that begin further right for code.
    def paragraphs(text)
      tags = text.split(/\n(?=@)/).map { |tag| tag.match?(/\A@(?!example)/) ? tag.gsub(/\n +/, " ") : tag }
      tags.join("\n\n").strip
    end
  end

  class << self
    def files = Dir[SOURCES].sort.map { |path| RustFile.new(File.read(path)) }

    # @return [Array<Method>]
    def methods = files.flat_map(&:methods).uniq { |method| method.to_a.take(3) }

    # The constants that the native library defines, by name, each with its comment in sig/.
    # @return [Hash{String => String}]
    def constants
      groups = File.read("#{ROOT}/sig/invfs.rbs").scan(/((?:^  # .*\n)+)((?:^  [A-Z_a-z]+: .*\n)+)/)
      groups.each_with_object({}) do |(comment, lines), found|
        lines.scan(/^  (\w+):/) { |(name)| found["InVFS::#{name}"] = comment.gsub(/^  # /, "").chomp }
      end
    end

    # @return [String] the Ruby file
    def text
      by_owner = methods.group_by(&:owner)
      summaries = files.filter_map { |file| [file.owner, file.summary] if by_owner.key?(file.owner) }.to_h
      limits = constants.filter_map do |name, comment|
        indent("#{comment(comment)}#{name.delete_prefix("InVFS::")} = nil\n") if name.match?(/LOADSIZE|PREFIX/)
      end
      classes = (by_owner.keys - ["InVFS"]).sort.map { |owner| indent(class_text(owner, summaries[owner], by_owner[owner])) }
      <<~RUBY
        # frozen_string_literal: true

        # Documentation of the native methods, made by `rake api` from ext/invfs/src. Nothing loads this file.

        module InVFS
        #{[*limits, *by_owner["InVFS"].map { |method| indent(method_text(method)) }, *classes].join("\n")}end
      RUBY
    end

    private

    def class_text(owner, summary, methods)
      name = owner.delete_prefix("InVFS::")
      kind = name == "FileSystem" ? "module" : "class"
      body = methods.map { |method| indent(method_text(method)) }
      body.unshift("  include FileSystem\n") if %w[ZipFS StringMapFS UnionFS SubFS].include?(name)
      "#{comment(summary.sub(/./, &:upcase))}#{kind} #{name}\n#{body.join("\n")}end\n"
    end

    def method_text(method)
      name = method.kind == :singleton ? "self.#{method.name}" : method.name
      # YARD and RDoc take `new` for what `initialize` says.
      "#{comment(method.comment)}def #{name}#{method.arguments}; end\n"
    end

    def comment(text) = text.lines.map { |line| "# #{line.chomp}".rstrip << "\n" }.join

    def indent(text) = text.gsub(/^(?=.)/, "  ")
  end
end
