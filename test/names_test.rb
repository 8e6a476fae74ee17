# frozen_string_literal: true

# Difficult file names: spaces, other scripts, invalid bytes, the longest allowed, and their encodings.
require_relative "test_helper"

class NamesTest < Minitest::Test
  include Differential

  INVALID = "caf\xE9".b.freeze

  EASY_TO_BREAK = {
    "spaces" => "two words",
    "a leading space" => " a",
    "a trailing space" => "a ",
    "other scripts" => "日本語/файл",
    "combining characters" => "e\u0301",
    "an emoji" => "\u{1f4a9}",
    "255 bytes with the extension" => "n" * 252,
    "quotes and brackets" => "it's [a] {b} *?",
    "a newline" => "two\nlines",
    "a hash and a percent sign" => "a#b%20c",
    "a leading dot" => ".hidden",
    "a leading dash" => "-n",
    "a leading tilde inside a directory" => "d/~root",
    "a plus and an at sign" => "c++@2",
    "three dots" => "...",
    "an upper case extension before the real one" => "a.RB",
    "another native extension's name in the middle" => "a.so.x"
  }.freeze

  EASY_TO_BREAK.each do |sentence, name|
    define_method("test_a_name_with_#{sentence.tr(" ", "_").delete("'")}") do
      assert_as_on_disk({ "#{name}.rb" => "puts __FILE__" }, <<~RUBY)
        name = #{name.dump}.encode("UTF-8")
        Probe.attempt { require(name) }
        p Probe.features
        Probe.attempt { require(name + ".rb") }
        Probe.attempt { load(name + ".rb") }
      RUBY
    end
  end

  def test_a_name_that_is_no_utf8
    assert_as_on_disk({ "#{INVALID}.rb".b => "p __FILE__.b.end_with?(\"caf\\xE9.rb\".b)" }, <<~'RUBY', prints: "true\ntrue\nfalse\nfalse\n")
      p require("caf\xE9")
      p require("caf\xE9".b)
      p require("caf\xE9.rb")
    RUBY
  end

  def test_utf8_and_binary_strings_of_the_same_bytes_name_one_feature
    assert_as_on_disk({ "größe.rb" => "puts __FILE__" }, <<~'RUBY', prints: "<main>/größe.rb\ntrue\nfalse\nfalse\n1\n")
      # encoding: utf-8
      p require("größe")
      p require("größe".b)
      p require("größe.rb".b)
      p Probe.features.size
    RUBY
  end

  def test_a_binary_string_first
    assert_as_on_disk({ "größe.rb" => "puts __FILE__" }, <<~'RUBY', prints: "<main>/größe.rb\ntrue\nfalse\n")
      p require("größe".b)
      p require("größe")
    RUBY
  end

  def test_a_string_in_another_encoding
    assert_as_on_disk({ "größe.rb" => "puts __FILE__" }, <<~'RUBY')
      Probe.attempt { require("größe".encode("ISO-8859-1")) }
      Probe.attempt { require("größe".encode("UTF-16LE")) }
      Probe.attempt { require("größe".encode("UTF-8")) }
    RUBY
  end

  def test_the_encoding_of_a_recorded_feature
    assert_as_on_disk({ "größe.rb" => "p __FILE__.encoding, __dir__.encoding", "a.rb" => "p __FILE__.encoding" }, <<~'RUBY')
      require "größe"
      require "a"
      p Probe.features.map(&:encoding).uniq - [Encoding::US_ASCII]
    RUBY
  end

  # Containers often have no locale; Ruby's file names are then ASCII, but not those that a program gives in UTF-8.
  def test_without_a_locale
    files = { "größe.rb" => "p __FILE__.encoding, __FILE__.valid_encoding?, __dir__.encoding", "a.rb" => "p __FILE__.encoding" }
    assert_as_on_disk(files, <<~'RUBY', env: { "LC_ALL" => "C" })
      $stdout.set_encoding("UTF-8")
      p require("größe"), require("größe".b), require("a"), load("größe.rb")
      p Probe.features.map(&:b)
    RUBY
  end

  def test_names_that_differ_only_in_case_are_different_files
    assert_as_on_disk({ "a.rb" => "puts :small", "A.rb" => "puts :large" }, <<~'RUBY', prints: "small\nlarge\n")
      require "a"
      require "A"
    RUBY
  end
end
