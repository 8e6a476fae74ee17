# frozen_string_literal: true

# Native extensions inside a VFS: found in Ruby's order, loaded, recorded, refused with a reason.
require_relative "test_helper"
require_relative "support/native_build"

class NativeExtensionTest < Minitest::Test
  include Differential

  DLEXT = NativeBuild::DLEXT

  def setup
    skip NativeBuild.unavailable if NativeBuild.unavailable
  end

  def test_a_compiled_extension
    files = { "d/tiny.#{DLEXT}" => NativeBuild.extension("tiny") }
    assert_as_on_disk(files, <<~RUBY, prints: <<~OUT)
      p $LOAD_PATH.resolve_feature_path("d/tiny")
      p require("d/tiny"), Tiny.answer, Probe.features, $".last.frozen?
      p require("d/tiny"), require("d/tiny.#{DLEXT}"), require("\#{ROOT}/d/tiny")
    RUBY
      [:so, "<main>/d/tiny.#{DLEXT}"]
      tiny
      true
      1
      ["<main>/d/tiny.#{DLEXT}"]
      true
      false
      false
      false
    OUT
  end

  %W[tiny tiny.so tiny.o tiny.#{DLEXT} tiny.dll tiny.bundle tiny.rb tiny.#{DLEXT}.rb].uniq.each do |feature|
    define_method("test_asked_for_as_#{feature}") do
      files = { "tiny.#{DLEXT}" => NativeBuild.extension("tiny") }
      assert_as_on_disk(files, "Probe.attempt { require('#{feature}') }; p Probe.features")
    end
  end

  ORDERS = %w[tiny tiny.rb tiny.so].product([%i[main other], %i[other main], %i[main real], %i[real main]]).freeze

  # Ruby searches all entries for the .rb before any for the extension.
  ORDERS.each do |feature, order|
    define_method("test_#{feature}_as_extension_in_main_and_ruby_elsewhere_with_#{order.join("_behind_")}") do
      extension = { "tiny.#{DLEXT}" => NativeBuild.extension("tiny") }
      ruby = { "tiny.rb" => "puts __FILE__" }
      others = order.include?(:real) ? { on_disk: { real: ruby } } : { trees: { other: ruby } }
      assert_as_on_disk(extension, "Probe.attempt { require('#{feature}') }; puts Probe.features", push: order, **others)
    end
  end

  def test_both_in_one_entry
    files = { "tiny.#{DLEXT}" => NativeBuild.extension("tiny"), "tiny.rb" => "puts __FILE__; p require('tiny.so')" }
    assert_as_on_disk(files, 'p require("tiny"), require("tiny.so"), require("tiny"); puts Probe.features')
  end

  def test_the_extension_first_and_the_ruby_file_then
    files = { "tiny.#{DLEXT}" => NativeBuild.extension("tiny"), "tiny.rb" => "puts __FILE__" }
    assert_as_on_disk(files, 'p require("tiny.so"), require("tiny"), require("tiny.rb"); puts Probe.features')
  end

  def test_require_relative_and_autoload_of_an_extension
    files = { "d/a.rb" => "p require_relative('tiny')", "d/tiny.#{DLEXT}" => NativeBuild.extension("tiny"),
              "other.#{DLEXT}" => NativeBuild.extension("other") }
    assert_as_on_disk(files, <<~'RUBY', prints: "tiny\ntrue\n1\nother\n1\n")
      require "d/a"
      p Tiny.answer
      autoload :Other, "other"
      p Other.answer
    RUBY
  end

  def test_load_of_an_extension_is_an_error_as_on_disk
    files = { "tiny.#{DLEXT}" => "\x7fELF not really" }
    assert_as_on_disk(files, <<~RUBY)
      begin
        load "tiny.#{DLEXT}"
      rescue SyntaxError, LoadError, ArgumentError => e
        puts e.class
      end
      p Probe.features
    RUBY
  end

  def test_an_extension_that_needs_a_library_beside_it
    library = NativeBuild.library("beside", 42)
    files = { "ext/needy.#{DLEXT}" => NativeBuild.extension("needy", library: "beside"), "ext/libbeside.so" => library }
    assert_as_on_disk(files, 'p require("ext/needy"), Needy.answer', prints: "needy\ntrue\n42\n")
  end

  def test_an_extension_that_says_where_its_library_lies
    library = NativeBuild.library("apart", 43)
    files = { "ext/needy.#{DLEXT}" => NativeBuild.extension("needy", library: "apart"), "lib/libapart.so" => library }
    assert_as_on_disk(files, 'p require("ext/needy"), Needy.answer', prints: "needy\ntrue\n43\n")
  end

  def test_two_extensions_of_the_same_name_in_two_trees
    one, two = %w[one two].map { |says| { "tiny.#{DLEXT}" => NativeBuild.extension("tiny", says: says) } }
    assert_as_on_disk(one, <<~RUBY, trees: { other: two }, push: %i[other main], prints: "one\ntrue\ntwo\ntrue\n2\n")
      p require("tiny")
      p require("\#{ROOTS[:other]}/tiny")
      p Probe.features.size
    RUBY
  end

  def test_many_extensions
    files = (1..5).to_h { |n| ["tiny#{n}.#{DLEXT}", NativeBuild.extension("tiny#{n}")] }
    program = '(1..5).each { |n| require "tiny#{n}" }; p (1..5).sum { |n| Object.const_get("Tiny#{n}").answer }'
    assert_as_on_disk(files, program)
  end

  def test_an_extension_is_loaded_once_by_many_threads
    files = { "tiny.#{DLEXT}" => NativeBuild.extension("tiny") }
    assert_as_on_disk(files, <<~'RUBY', prints: "tiny\n1\n1\n")
      p Array.new(16) { Thread.new { require("tiny") } }.map(&:value).count(true), Tiny.answer
    RUBY
  end

  def test_a_deleted_feature_is_loaded_again
    files = { "tiny.#{DLEXT}" => NativeBuild.extension("tiny") }
    assert_as_on_disk(files, 'p require("tiny"); $".pop; p require("tiny"), Tiny.answer, Probe.features.size')
  end

  def test_an_extension_after_fork
    files = { "tiny.#{DLEXT}" => NativeBuild.extension("tiny") }
    assert_as_on_disk(files, <<~'RUBY', prints: "tiny\n1\ntiny\n1\n")
      $stdout.sync = true
      Process.wait(fork { require("tiny"); p Tiny.answer; exit! })
      require("tiny")
      p Tiny.answer
    RUBY
  end

  BROKEN = {
    "text" => "this is not a shared object", "nothing" => "", "a cut off extension" => :cut,
    "an extension without the function" => :wrong_name, "an extension that needs a missing library" => :missing_library
  }.freeze

  BROKEN.each do |sentence, content|
    define_method("test_#{sentence.tr(" ", "_")}_is_a_load_error_that_names_the_entry") do
      files = { "broken.#{DLEXT}" => content_of(content), "good.rb" => "puts :good" }
      assert_in_each_vfs(files, <<~RUBY, "LoadError\ntrue\nLoadError\ntrue\n[]\ngood\n")
        2.times do
          require "broken"
        rescue LoadError => e
          puts e.class, e.message.include?("\#{ROOT}/broken.#{DLEXT}")
        end
        p Probe.features
        require "good"
      RUBY
    end
  end

  def test_the_message_about_a_missing_function_is_that_of_the_disk
    assert_as_on_disk({ "broken.#{DLEXT}" => content_of(:wrong_name) }, <<~'RUBY', mounts: true)
      2.times do
        require "broken"
      rescue LoadError => e
        puts e.message
      end
    RUBY
  end

  INSTALLED = %w[strscan stringio json/ext/parser date_core digest/sha2 etc nkf bcrypt_ext msgpack/msgpack].freeze

  INSTALLED.each do |feature|
    define_method("test_the_installed_#{feature.tr("/", "_")}") do
      path = $LOAD_PATH.resolve_feature_path("#{feature}.so")&.last || installed(feature)
      skip "#{feature} is not installed" unless path && File.exist?(path)
      copy = { "copied/#{feature}.#{DLEXT}" => File.binread(path) }
      options = feature.include?("/") ? [] : ["--disable-gems"]
      assert_as_on_disk(copy, <<~RUBY, ruby: options, kinds: %i[zip_fs archive_path mount])
        $:.unshift(*Gem.path.flat_map { |dir| Dir["\#{dir}/gems/{msgpack,bcrypt}*/lib"] }) if defined?(Gem)
        p require("copied/#{feature}"), Probe.features
        p require("copied/#{feature}")
        p StringScanner.new("ab").scan(/a/) if defined?(StringScanner) && "#{feature}" == "strscan"
      RUBY
    end
  end

  private

  def content_of(content)
    case content
    when :cut then NativeBuild.extension("broken")[0, 3000]
    when :wrong_name then NativeBuild.extension("misnamed")
    when :missing_library
      NativeBuild.library("beside", 42)
      NativeBuild.extension("broken", library: "beside")
    else content
    end
  end

  # Debian puts the extensions of gems beside Ruby's own.
  def installed(feature)
    Dir[*Gem.path.map { |dir| "#{dir}/{extensions,gems}/**/#{feature}.#{DLEXT}" },
        "#{RbConfig::CONFIG["vendorarchdir"]}/#{feature}.#{DLEXT}"].first
  end
end
