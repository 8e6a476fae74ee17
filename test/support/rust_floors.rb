# frozen_string_literal: true

require "set"
require "strscan"
require "tsort"

# Who imports whom in a Rust crate. Reads the sources as text: the module tree from `mod` lines, and the arrows from
# `use` lines and from paths that begin with `crate`, `super`, `self`, a child module or an imported module.
class RustFloors
  # One arrow: a file, a file that it imports, and the path as written.
  Arrow = Struct.new(:from, :to, :path) do
    def to_s = "#{from} imports #{to} (#{path})"
  end

  # A module: its files (more than one where `cfg` picks), its children, and the names that `use` brings into it.
  Module = Struct.new(:parent, :files, :children, :names)

  # @return [Array<String>] the files of the crate, relative to its source folder
  attr_reader :files

  # @return [Array<Arrow>] one for each pair of files
  attr_reader :arrows

  # @param source [String] the folder that holds lib.rs, or main.rs
  # @param floors [Array<String, Array<String>>] the top-level modules, lowest first; modules in one Array share a
  #   floor and must not import each other
  def initialize(source, floors)
    @source = source
    @floors = floors.map { |rooms| Array(rooms) }
    @files = Dir.glob("**/*.rs", base: source).sort
    @paths = []
    @read = Set.new
    @root = Module.new(nil, [], {}, {})
    read((%w[lib.rs main.rs] & @files).first, @root)
    @arrows = find_arrows
  end

  # @return [Array<Arrow>] arrows that run up, or to another room of the same floor
  def up
    arrows.select { |arrow| room(arrow.from) != room(arrow.to) && floor(arrow.to) >= floor(arrow.from) }
  end

  # @return [Array<Array<String>>] sets of files that import each other
  def circles = components(files) { |file| arrows.select { |arrow| arrow.from == file }.map(&:to) }

  # @return [Array<Array<String>>] circles with files of more than one folder
  def wide_circles = circles.select { |circle| circle.map { |file| File.dirname(file) }.uniq.size > 1 }

  # @return [Array<Array<String>>] sets of folders that import each other; a folder and its subfolders are one
  def folder_circles
    rooms = files.map { |file| room(file) }.uniq
    components(rooms) { |from| arrows.select { |arrow| room(arrow.from) == from }.map { |arrow| room(arrow.to) } - [from] }
  end

  # @return [Array<String>] files that no `mod` line names
  def strays = files - @read.to_a

  # @return [Array<String>] top-level modules that have no floor
  def homeless = files.map { |file| room(file) }.uniq - @floors.flatten

  private

  # The top-level module that a file belongs to; `lib` for lib.rs, `main` for main.rs.
  def room(file) = file.split("/").first.delete_suffix(".rs")

  def floor(file) = @floors.index { |rooms| rooms.include?(room(file)) } || @floors.size

  # Circles of a graph, by Tarjan's algorithm.
  def components(nodes, &children)
    each_node = ->(&block) { nodes.each(&block) }
    TSort.strongly_connected_components(each_node, ->(node, &block) { children.call(node).each(&block) })
         .select { |component| component.size > 1 }.map(&:sort).sort
  end

  def find_arrows
    found = {}
    @paths.each do |file, inside, path|
      target = resolve(inside, path) or next
      (target.files - [file]).each { |to| found[[file, to]] ||= Arrow.new(file, to, path.join("::")) }
    end
    found.values.sort_by(&:to_a)
  end

  # The module that a path leads to, or that defines the item which it names; nil for other crates.
  def resolve(inside, path, seen = Set.new)
    first, *rest = path
    at =
      case first
      when "crate" then @root
      when "self" then inside
      when "super" then inside.parent
      else return step(inside, first, rest, seen, nil)
      end
    at && walk(at, rest, seen)
  end

  def walk(at, path, seen)
    first, *rest = path
    case first
    when nil, "self" then at
    when "super" then at.parent && walk(at.parent, rest, seen)
    else step(at, first, rest, seen, at)
    end
  end

  # Goes from a module to what it calls `name`: a child, or what a `use` there brings in; else `item`.
  def step(at, name, rest, seen, item)
    child = at.children[name]
    return walk(child, rest, seen) if child

    source = at.names[name]
    return item unless source && seen.add?([at.object_id, name])

    target = resolve(at, source, seen)
    target && target != at ? walk(target, rest, seen) : item
  end

  # Reads a file, which holds the module `inside`, and the files that it names.
  def read(file, inside)
    return unless @read.add?(file) && File.file?("#{@source}/#{file}")

    inside.files << file
    Reader.new(file, File.read("#{@source}/#{file}"), inside, @paths).modules.each do |name, path, parent|
      child = parent.children[name] ||= Module.new(parent, [], {}, {})
      read(path || place(file, name), child)
    end
  end

  # Where the file of `mod name;` lies.
  def place(file, name)
    folder = file.match?(%r{(\A|/)(lib|mod)\.rs\z|\Amain\.rs\z}) ? File.dirname(file) : file.delete_suffix(".rs")
    base = File.join(*[folder, name].reject { |part| part == "." })
    File.file?("#{@source}/#{base}.rs") ? "#{base}.rs" : "#{base}/mod.rs"
  end

  # Reads one file: token by token, without comments.
  class Reader
    # @return [Array(String, String, Module)] name, path if an attribute says one, and parent of each `mod name;`
    attr_reader :modules

    def initialize(file, text, inside, paths)
      @file = file
      @inside = [inside]
      @paths = paths
      @modules = []
      # For each open brace: whether it is that of a module.
      @braces = []
      @tokens = tokens(text)
      @at = 0
      read until @at >= @tokens.size
    end

    private

    def tokens(text)
      scanner = StringScanner.new(text)
      found = []
      until scanner.eos?
        next if scanner.skip(%r{\s+|//[^\n]*}) || scanner.skip(/b?'(?:[^'\\\n]|\\[^\n][^'\n]*)'/)

        if scanner.match?(%r{/\*})
          comment(scanner)
        elsif scanner.skip(/(?:br|cr|r)(#*)"/)
          scanner.skip_until(/"#{scanner[1]}/) || scanner.terminate
        elsif scanner.scan(/[bc]?"((?:[^"\\]|\\.)*)"/m)
          found << "\"#{scanner[1]}"
        else
          found << scanner.scan(/'\w+|(?:r#)?\w+|::|./m)
        end
      end
      found
    end

    # Block comments nest.
    def comment(scanner)
      depth = 0
      loop do
        part = scanner.scan_until(%r{/\*|\*/}) or return scanner.terminate
        depth += part.end_with?("/*") ? 1 : -1
        return if depth.zero?
      end
    end

    def read
      token = @tokens[@at]
      case token
      when "#" then attribute
      when "use" then import
      when "mod" then declaration
      when "{" then open_brace(false)
      when "}" then close
      when /\A[a-z_]\w*\z/ then path
      else @at += 1
      end
    end

    def attribute
      @at += 1
      return unless @tokens[@at] == "["

      @path = @tokens[@at + 3].delete_prefix("\"") if @tokens[@at + 1, 2] == %w[path =]
      # A module of tests may import what it likes.
      skip_tests if @tokens[@at, 6] == %w([ cfg ( test ) ]) && @tokens[@at + 6] == "mod" && @tokens[@at + 8] == "{"
    end

    def skip_tests
      @at += 9
      depth = 1
      until depth.zero? || @at >= @tokens.size
        depth += { "{" => 1, "}" => -1 }.fetch(@tokens[@at], 0)
        @at += 1
      end
    end

    def declaration
      name, after = @tokens[@at + 1, 2]
      @at += 2
      case after
      when ";"
        path = @path && File.join(*[File.dirname(@file), @path].reject { |part| part == "." })
        @modules << [name, path, @inside.last]
      when "{"
        @inside << (@inside.last.children[name] ||= Module.new(@inside.last, [@file], {}, {}))
        open_brace(true)
      end
      @path = nil
    end

    def open_brace(module_begins)
      @braces << module_begins
      @at += 1
    end

    def close
      @inside.pop if @braces.pop
      @at += 1
    end

    # A path in an expression or a type.
    def path
      before = @at.positive? ? @tokens[@at - 1] : nil
      parts = [@tokens[@at]]
      @at += 1
      while @tokens[@at] == "::" && @tokens[@at + 1]&.match?(/\A\w+\z/)
        parts << @tokens[@at + 1]
        @at += 2
      end
      @paths << [@file, @inside.last, parts] if parts.size > 1 && !["::", "."].include?(before)
    end

    def import
      @at += 1
      tree([])
    end

    # One tree of a `use`: a path, perhaps with braces, a star or another name at its end.
    def tree(prefix)
      parts = prefix.dup
      while (token = @tokens[@at])
        case token
        when "{" then return group(parts)
        when "*" then return imported(parts, nil, 1)
        when "as" then return imported(parts, @tokens[@at + 1], 2)
        when "::" then @at += 1
        when /\A\w+\z/
          parts << token
          @at += 1
        else return imported(parts, parts.last == "self" ? parts[-2] : parts.last, 0)
        end
      end
    end

    def group(parts)
      @at += 1
      until @tokens[@at] == "}" || @at >= @tokens.size
        tree(parts)
        @at += 1 if @tokens[@at] == ","
      end
      @at += 1
    end

    def imported(parts, name, length)
      @at += length
      return if parts.empty?

      @paths << [@file, @inside.last, parts]
      @inside.last.names[name] = parts if name && name != "_" && parts != [name]
    end
  end
end
