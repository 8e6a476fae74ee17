# frozen_string_literal: true

# The patched methods look like Ruby's own: visibility, arity, owner, and nothing on BasicObject.
require_relative "test_helper"

class VisibilityTest < Minitest::Test
  include Differential

  METHODS = "%i[require require_relative load]"

  def test_they_are_private_on_objects_and_public_on_kernel
    assert_as_on_disk({}, <<~RUBY, prints: "true\nfalse\ntrue\n" * 3)
      #{METHODS}.each do |name|
        p Object.private_method_defined?(name), Object.new.respond_to?(name), Kernel.respond_to?(name)
      end
    RUBY
  end

  def test_calling_them_on_an_object_fails_with_the_same_message
    assert_as_on_disk({ "a.rb" => "" }, <<~RUBY)
      #{METHODS}.each do |name|
        Object.new.public_send(name, "a")
      rescue NoMethodError => e
        puts e.message.gsub(/0x\\h{8,}/, "")
      end
    RUBY
  end

  def test_arity_owner_and_name
    assert_as_on_disk({}, <<~RUBY)
      #{METHODS}.each do |name|
        method = method(name)
        p method.arity, method.owner, method.name, method.parameters.size, method.original_name
        p Kernel.method(name).arity, Kernel.method(name).receiver, Kernel.instance_method(name).arity
      end
    RUBY
  end

  def test_basic_object_and_the_ancestors_stay_as_they_are
    assert_as_on_disk({}, <<~RUBY)
      p BasicObject.instance_methods.sort, BasicObject.private_instance_methods.sort
      p Object.ancestors, Kernel.ancestors, Kernel.singleton_class.ancestors.first(3).size, self.singleton_methods
      p Kernel.instance_methods(false).grep(/require|load/), Module.ancestors
    RUBY
  end

  def test_nothing_public_is_added_to_every_object
    plain, patched = [[], RubyProcess::INVFS].map do |options|
      RubyProcess.run(*options, "-e", <<~RUBY).stdout.lines
        puts Object.instance_methods, Kernel.singleton_methods, Object.constants
      RUBY
    end
    added = (patched - plain).map(&:chomp)
    assert_equal ["InVFS"], added - loaded_libraries
  end

  def test_methods_can_be_removed_aliased_and_undefined
    assert_as_on_disk({ "a.rb" => "puts :a" }, <<~'RUBY', prints: "a\ntrue\nfalse\nfalse\n\"undefined\"\n")
      module Kernel
        alias my_require require
        private :my_require
      end
      p my_require("a"), require("a"), Kernel.instance_method(:my_require).bind_call(self, "a")
      class Strict
        undef_method :require
        def call = require("a")
      end
      begin
        Strict.new.call
      rescue NoMethodError => e
        p e.message[/undefined/]
      end
    RUBY
  end

  def test_a_class_with_its_own_require
    assert_as_on_disk({ "a.rb" => "puts :a" }, <<~'RUBY', prints: "own a\na\ntrue\n")
      class Own
        def require(name)
          puts "own #{name}"
          super
        end
      end
      p Own.new.require("a")
    RUBY
  end

  def test_a_refined_require
    assert_as_on_disk({ "a.rb" => "puts :a" }, <<~'RUBY', prints: "refined\na\ntrue\n")
      module Refined
        refine(Object) do
          def require(name)
            puts :refined
            super
          end
        end
      end
      using Refined
      p require("a")
    RUBY
  end

  def test_require_inside_a_basic_object_is_still_undefined
    assert_as_on_disk({ "a.rb" => "" }, <<~'RUBY')
      class Blank < BasicObject
        def call = require("a")
      end
      begin
        Blank.new.call
      rescue NoMethodError => e
        puts e.message.gsub(/0x\h{8,}/, "")
      end
    RUBY
  end

  private

  # Constants that come with libraries which invfs may load are no additions of its own.
  def loaded_libraries
    %w[Monitor MonitorMixin Comparable]
  end
end
