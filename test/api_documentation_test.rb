# frozen_string_literal: true

# Every public name has a comment where ri, RDoc and YARD look for it, and stands in docs/.
require_relative "test_helper"
require_relative "support/native_docs"
require "invfs/cli"
require "invfs/pack"
require "open3"
require "tmpdir"

class APIDocumentationTest < Minitest::Test
  ROOT = RubyProcess::PROJECT

  # Public for other parts of the gem.
  INTERNAL = %w[InVFS::Native InVFS::CLI InVFS::ArchiveWriter InVFS::ArchiveEntry InVFS::CompiledCode].freeze
  PRIVATE = %w[link_compiled shared_object_needs].freeze

  def modules(owner = InVFS)
    inner = owner.constants(false).map { |name| owner.const_get(name) }.grep(Module)
    inner = inner.select { |value| value.name.start_with?("#{owner.name}::") }.uniq
    inner.reduce({ owner.name => owner }) { |all, value| all.merge(modules(value)) }
  end

  # Whether the line before that place is a comment.
  def commented?((file, line))
    return false unless file && File.file?(file)

    lines = (@files ||= Hash.new { |files, name| files[name] = File.readlines(name) })[file]
    # One comment may be for several constants.
    before = lines[0...(line - 1)].reverse.drop_while { |text| text.match?(/\A\s*(private_constant|[A-Z_]+ = )/) }
    before.first.to_s.match?(/\A\s*#(?! rubocop| frozen)/)
  end

  # Where a class or module is that something else names first.
  def definition(constant)
    Dir["#{ROOT}/lib/**/*.rb"].each do |file|
      line = File.readlines(file).index { |text| text.match?(/\A\s*(class|module) #{constant}\b|\A\s*#{constant} = Struct/) }
      return [file, line + 1] if line && commented?([file, line + 1])
    end
    nil
  end

  def native = @native ||= NativeDocs.methods.to_h { |method| [[method.owner, method.kind, method.name.to_sym], method.comment] }

  # The names of the module that have no comment.
  def bare(name, owner)
    methods = { singleton: owner.singleton_methods(false), instance: owner.public_instance_methods(false) }
    # The comment of a Struct says what its members are.
    if owner.is_a?(Class) && owner < Struct
      methods = { instance: methods[:instance] - owner.members - owner.members.map { |member| :"#{member}=" } }
    end
    methods.flat_map do |kind, names|
      bare = names.reject { |method| native[[name, kind, method]] || commented?(place(owner, kind, method)) }
      bare.map { |method| "#{name}#{kind == :singleton ? "." : "#"}#{method}" }
    end
  end

  def place(owner, kind, method)
    (kind == :singleton ? owner.method(method) : owner.instance_method(method)).source_location
  end

  def test_every_public_method_is_documented
    bare = modules.flat_map { |name, owner| bare(name, owner) }
    # Predicates whose name says all of it.
    assert_empty bare.reject { |name| one_line?(name) }, "methods without a comment"
  end

  # `def good? = ...`: the name of a predicate is its comment.
  def one_line?(name)
    owner, separator, method = name.rpartition(/[.#]/)
    owner = Object.const_get(owner)
    place = place(owner, separator == "." ? :singleton : :instance, method)
    place && method.end_with?("?") && File.readlines(place[0])[place[1] - 1].match?(/def (self\.)?\w+\? = /)
  end

  def test_every_public_constant_is_documented
    constants = modules.flat_map { |name, owner| owner.constants(false).map { |constant| [name, owner, constant] } }
    bare = constants.reject { |name, owner, constant| described?(name, owner, constant) }
    assert_empty bare, "constants without a comment"
  end

  def described?(name, owner, constant)
    full = "#{name}::#{constant}"
    return true if native.keys.any? { |key| key[0] == full } || NativeDocs.constants.key?(full)
    return !definition(constant).nil? if owner.const_get(constant).is_a?(Module)

    commented?(owner.const_source_location(constant, false))
  end

  def test_the_native_methods_are_a_ruby_file
    out, status = Open3.capture2e(RbConfig.ruby, "-wc", stdin_data: NativeDocs.text)
    assert_equal ["Syntax OK\n", true], [out, status.success?], out
    heads = NativeDocs.methods.map { |method| "def #{"self." if method.kind == :singleton}#{method.name}" }
    assert_empty heads.reject { |head| NativeDocs.text.include?(head) }
  end

  def test_ri_knows_native_and_other_methods
    skip "rdoc is not there" unless rdoc?
    Dir.mktmpdir("invfs-ri") do |directory|
      File.write("#{directory}/native.rb", NativeDocs.text)
      files = ["#{directory}/native.rb", "#{ROOT}/lib/invfs/on_demand.rb", "#{ROOT}/lib/invfs/error.rb"]
      out, status = Open3.capture2e({ "HOME" => directory }, RbConfig.ruby, "-rrdoc", "-e", "RDoc::RDoc.new.document(ARGV)", "--", "--ri", "-q", "-o", "#{directory}/ri", *files)
      assert status.success?, out
      { "InVFS.mount" => /writable: nil.*opens files finds those of\s+the VFS/m, "InVFS::ZipFS#refused" => /refused for their names/,
        "InVFS.extract" => /real path for a file/, "InVFS::CorruptEntryError" => /content of an entry is damaged/ }.each do |name, text|
        out, status = Open3.capture2e({ "HOME" => directory }, RbConfig.ruby, "-rrdoc/ri/driver", "-e", "RDoc::RI::Driver.run", "--",
                                      "--no-standard-docs", "--no-gems", "--no-home", "--no-site", "-T", "-f", "markdown", "-d", "#{directory}/ri", name)
        assert status.success?, out
        assert_match text, out
      end
    end
  end

  def rdoc?
    require "rdoc"
    true
  rescue LoadError
    false
  end

  # Everything that is not for other parts of the gem.
  def test_every_public_name_stands_in_the_documentation
    text = Dir["#{ROOT}/docs/*.md", "#{ROOT}/README.md"].map { |file| File.read(file) }.join
    outer = modules.reject { |name, _| INTERNAL.any? { |internal| name.start_with?(internal) } }
    names = outer.keys.map { |name| name.split("::").last }
    names += (outer.fetch("InVFS").singleton_methods - PRIVATE.map(&:to_sym)).map(&:to_s)
    assert_empty names.reject { |name| text.match?(/\b#{Regexp.escape(name.delete_suffix("="))}(?![\w?!])/) }, "names that docs/ does not have"
  end
end
