# frozen_string_literal: true

# The signatures in sig/ name exactly the public methods and constants that the running code has.
require_relative "test_helper"
require "invfs/cli"
require "invfs/pack"

class SigTest < Minitest::Test
  FILES = Dir["#{RubyProcess::PROJECT}/sig/**/*.rbs"].sort.freeze

  # A minimal reader: nesting of module, class and interface, methods, attributes, aliases and constants.
  class Signatures
    attr_reader :methods, :constants

    def initialize(sources)
      @methods = Hash.new { |hash, name| hash[name] = { instance: [], singleton: [] } }
      @constants = []
      sources.each { |source| read(source) }
    end

    private

    def read(source)
      @nesting = []
      @private = [false]
      source.each_line { |line| read_line(line.sub(/#.*/, "").strip) }
    end

    def read_line(line)
      case line
      when /\A(?:module|class)\s+([\w:]+)\s*=\s*/ then constant(Regexp.last_match(1))
      when /\A(module|class|interface)\s+([\w:]+)/ then enter(Regexp.last_match(2))
      when "end" then leave
      when "private" then @private[-1] = true
      when "public" then @private[-1] = false
      when /\Adef\s+(self\??\.)?([^\s:]+[?!=]?):/, /\Aalias\s+(self\.)?(\S+)\s/ then method(Regexp.last_match(1), Regexp.last_match(2))
      when /\Aattr_reader\s+(self\.)?(\w+)/ then method(Regexp.last_match(1), Regexp.last_match(2))
      when /\A([A-Z]\w*)\s*:/ then constant(Regexp.last_match(1))
      end
    end

    def enter(name)
      constant(name) unless name.start_with?("_")
      @nesting << name
      @private << false
    end

    def leave
      @nesting.pop
      @private.pop
    end

    def constant(name)
      @constants << [*@nesting, name].join("::")
    end

    def method(singleton, name)
      return if @private.last

      kinds = singleton&.include?("?") ? %i[instance singleton] : [singleton ? :singleton : :instance]
      kinds.each { |kind| @methods[@nesting.join("::")][kind] << name.to_sym }
    end
  end

  def setup
    skip "there are no signatures" if FILES.empty?
    @signatures = Signatures.new(FILES.map { |path| File.read(path) })
  end

  def test_every_public_method_has_a_signature
    all_modules.each do |name, owner|
      public_methods_of(owner).each do |kind, methods|
        assert_empty methods - @signatures.methods[name][kind], "#{kind} methods of #{name} without a signature"
      end
    end
  end

  def test_every_signature_has_a_method
    @signatures.methods.each do |name, kinds|
      next unless name.start_with?("InVFS") && !name.include?("_")

      owner = Object.const_get(name)
      kinds[:instance].each do |method|
        known = owner.method_defined?(method) || owner.private_method_defined?(method) # initialize
        assert known, "#{name}##{method} is only a signature"
      end
      kinds[:singleton].each { |method| assert_respond_to owner, method, "#{name}.#{method} is only a signature" }
    end
  end

  def test_every_constant_has_a_signature_and_the_other_way_round
    running = all_modules.flat_map { |name, owner| [name, *owner.constants(false).map { |constant| "#{name}::#{constant}" }] }
    signed = @signatures.constants.select { |name| name.start_with?("InVFS") && !name.include?("::_") }
    assert_equal [], running.uniq - signed, "constants without a signature"
    assert_equal [], signed - running, "signatures without a constant"
  end

  private

  # InVFS and the modules and classes in it, under their own names.
  def all_modules(owner = InVFS)
    inner = owner.constants(false).map { |name| owner.const_get(name) }
    inner.select { |value| value.is_a?(Module) && value.name.start_with?("#{owner.name}::") }
         .uniq.reduce({ owner.name => owner }) { |all, value| all.merge(all_modules(value)) }
  end

  def public_methods_of(owner)
    { instance: owner.public_instance_methods(false), singleton: owner.singleton_methods(false) }
  end
end
