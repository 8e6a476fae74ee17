# frozen_string_literal: true

# The first lines of a file: encodings, frozen literals, shareable constants, BOM, line ends, shebang, __END__.
require_relative "test_helper"

class MagicCommentsTest < Minitest::Test
  include Differential

  REPORT = "\np __ENCODING__, 'x'.encoding, 'x'.frozen?, __LINE__\n"

  FILES = {
    "frozen literals" => "# frozen_string_literal: true#{REPORT}",
    "frozen literals turned off" => "# frozen_string_literal: false#{REPORT}",
    "frozen literals in Emacs form" => "# -*- frozen-string-literal: true -*-#{REPORT}",
    "several in Emacs form" => "# -*- coding: us-ascii; frozen_string_literal: true; warn-indent: true -*-#{REPORT}",
    "an unknown value" => "# frozen_string_literal: maybe#{REPORT}",
    "frozen literals after code" => "x = 1\n# frozen_string_literal: true#{REPORT}",
    "ascii" => "# encoding: us-ascii#{REPORT}",
    "binary" => "# encoding: binary#{REPORT}",
    "an encoding on the second line after a shebang" => "#!/usr/bin/env ruby\n# encoding: us-ascii#{REPORT}",
    "an encoding on the third line" => "# one\n# two\n# encoding: us-ascii#{REPORT}",
    "vim form" => "# vim: set fileencoding=us-ascii :#{REPORT}",
    "a shebang without ruby" => "#!/bin/sh\np :x#{REPORT}",
    "a shebang with options" => "#!/usr/bin/env ruby -w -Eiso-8859-1#{REPORT}",
    "a byte order mark" => "\xEF\xBB\xBFp 'ä'.bytes#{REPORT}",
    "a byte order mark and a comment" => "\xEF\xBB\xBF# frozen_string_literal: true#{REPORT}",
    "CRLF line ends" => "# frozen_string_literal: true\r\np 1\r\nx = <<A\r\ntext\r\nA\r\np x, 'a\r\nb'\r\n#{REPORT}",
    "a lone CR" => "p 1\rp 2\n#{REPORT}",
    "no newline at the end" => "p __LINE__",
    "a comment only" => "# frozen_string_literal: true\nputs :x # last",
    "__END__" => "p :x#{REPORT}__END__\nthis ( is no Ruby\n",
    "__END__ with CRLF" => "p :x\r\n__END__\r\nthis ( is no Ruby\r\n",
    "__END__ without newline" => "p :x\n__END__",
    "__END__ indented is code" => "__END__ = 1 rescue p :x\n",
    "a NUL byte ends the file" => "p :x\n\0this ( is no Ruby",
    "control-D ends the file" => "p :x\n\x04this ( is no Ruby",
    "control-Z ends the file" => "p :x\n\x1athis ( is no Ruby",
    "=begin and =end" => "=begin\n# frozen_string_literal: true\n=end#{REPORT}",
    "UTF-8 identifiers" => "größe = 1; def überprüfe = :ok; p binding.local_variables, überprüfe, :größe.encoding",
    "a huge line" => "x = '#{"a" * 100_000}'; p x.size",
    "tabs and form feeds" => "\tp\f1\v\n"
  }.freeze

  FILES.each_with_index do |(sentence, body), index|
    define_method("test_#{index}_#{sentence.gsub(/\W+/, "_")}") do
      assert_as_on_disk({ "a.rb" => body }, <<~'RUBY')
        begin
          p require("a")
        rescue SyntaxError => e
          puts e.class, e.message
        end
        begin
          p load("a.rb", true)
        rescue SyntaxError => e
          puts e.class
        end
      RUBY
    end
  end

  FOREIGN = "p 'テスト', 'テスト'.encoding, 'テスト'.valid_encoding?, 'テスト'.bytes, :テスト.encoding\nテスト = 1; p binding.local_variables\n"

  %w[EUC-JP Shift_JIS Windows-31J UTF-8 CP51932].each do |name|
    define_method("test_source_in_#{name.tr("-", "_")}") do
      source = "# encoding: #{name}\n".encode(name) + FOREIGN.encode(name)
      assert_as_on_disk({ "a.rb" => source.b }, "$stdout.binmode; p require('a')")
    end
  end

  def test_source_in_latin1
    source = "# coding: iso-8859-1\np 'é'.bytes, 'é'.encoding, __FILE__.encoding\n".encode("ISO-8859-1")
    assert_as_on_disk({ "a.rb" => source.b }, "p require('a')")
  end

  BROKEN = {
    "invalid UTF-8 in a literal" => "p '\xE9'.valid_encoding?",
    "invalid UTF-8 in a comment" => "# \xE9\np 1",
    "invalid UTF-8 in an identifier" => "caf\xE9 = 1",
    "an unknown encoding" => "# encoding: no-such-thing\np 1",
    "an encoding that is no superset of ASCII" => "# encoding: utf-16le\np 1",
    "UTF-16" => "p 1".encode("UTF-16").b
  }.freeze

  BROKEN.each do |sentence, body|
    define_method("test_#{sentence.gsub(/\W+/, "_")}") do
      assert_as_on_disk({ "a.rb" => body.b }, <<~'RUBY')
        begin
          p require("a")
        rescue SyntaxError, ArgumentError => e
          puts e.class, e.message.scrub("?")
        end
        p Probe.features
      RUBY
    end
  end

  def test_warn_indent
    files = { "a.rb" => "# warn_indent: true\nif true\n  puts 1\n  end\n", "b.rb" => "if true\n  puts 2\n  end\n" }
    assert_as_on_disk(files, "p require('a'), require('b')")
  end

  def test_shareable_constant_value
    files = %w[literal experimental_copy experimental_everything none].to_h do |value|
      ["#{value}.rb", "# shareable_constant_value: #{value}\n#{value.upcase} = ['a', { b: 'c' }]\n"]
    end
    assert_as_on_disk(files, <<~'RUBY')
      %w[literal experimental_copy experimental_everything none].each do |value|
        require value
        constant = Object.const_get(value.upcase)
        p constant.frozen?, constant[0].frozen?, constant[1].frozen?, Ractor.shareable?(constant)
      end
    RUBY
  end

  def test_shareable_constant_value_that_is_not_shareable
    files = { "a.rb" => "# shareable_constant_value: literal\nA = [Object.new]\n" }
    assert_as_on_disk(files, <<~'RUBY')
      begin
        require "a"
      rescue Exception => e
        puts e.class, e.message.gsub(/0x\h{8,}/, "")
      end
    RUBY
  end

  def test_the_default_encodings_do_not_change_the_source_encoding
    assert_as_on_disk({ "a.rb" => "p __ENCODING__, 'ä'.encoding, 'ä'.valid_encoding?" }, <<~'RUBY')
      $VERBOSE = nil
      Encoding.default_external = "ISO-8859-1"
      Encoding.default_internal = "UTF-16LE"
      $stdout.set_encoding("UTF-8", nil)
      require "a"
    RUBY
  end

  def test_ractor_safe_literals_and_symbols_of_two_files_do_not_mix
    files = { "a.rb" => "# frozen_string_literal: true\nA = 'same'\n", "b.rb" => "# frozen_string_literal: true\nB = 'same'\n" }
    assert_as_on_disk(files, "require 'a'; require 'b'; p A.equal?(B), A.frozen?", prints: "true\ntrue\n")
  end
end
