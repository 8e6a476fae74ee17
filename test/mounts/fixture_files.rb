# frozen_string_literal: true

# The handwritten files of the tree. A Symbol is the target of a link; a name that ends in "/" is a directory.
module FixtureFiles
  LINES = Array.new(5000) { |number| "line #{number} #{"x" * (number % 40)}\n" }.join.freeze

  TEXTS = {
    "VERSION" => "1.2.3\n",
    "empty" => "",
    "text.txt" => "first line\nsecond line\n\nfourth line\n\n\nlast line without end",
    "crlf.txt" => "one\r\ntwo\r\nthree\r\n",
    "utf8.txt" => "größe\n日本語\n",
    "latin1.txt" => "gr\xF6\xDFe\n".b,
    "bom.txt" => "\uFEFFafter the mark\n",
    "utf16.txt" => "\uFEFFsixteen\n".encode("UTF-16LE").b,
    "binary.bin" => (0..255).to_a.pack("C*") * 300,
    "lines.txt" => LINES,
    "one_byte" => "x",
    ".hidden" => "hidden\n",
    ".dot/inside.txt" => "inside\n",
    "names/with spaces.txt" => "spaces\n",
    "names/größe.txt" => "umlaut\n",
    "names/[brackets]{x}*?.txt" => "brackets\n",
    "names/-dash" => "dash\n",
    "names/#{"n" * 255}" => "the longest name\n",
    "deep/a/b/c/d/e.txt" => "deep\n",
    "empty_dir/" => nil,
    "modes/run" => "#!/bin/sh\necho run\n",
    "modes/read_only" => "read only\n",
    "modes/secret" => "secret\n",
    "modes/nobody" => "# nobody\n",
    "modes/private/inside" => "inside\n"
  }.freeze

  LINKS = {
    "links/file" => :"../text.txt",
    "links/chain" => :file,
    "links/dir" => :"../lib",
    "links/broken" => :nothing,
    "links/loop" => :pool,
    "links/pool" => :loop,
    "links/self" => :".",
    "links/up" => :"..",
    "links/through" => :"dir/main/part.rb",
    "links/outside" => :"../../outside.txt",
    "links/absolute" => :"/etc/passwd",
    "links/slash" => :"../lib/"
  }.freeze

  DATA = {
    "config.yml" => "name: app\nlist: [1, 2]\nnested:\n  key: größe\n",
    "aliases.yml" => "a: &a\n  x: 1\nb:\n  <<: *a\n",
    "config.json" => "{\"name\": \"app\", \"list\": [1, 2, {\"x\": null}]}\n",
    "data/table.csv" => "name,count\n\"a, b\",1\nc,2\n",
    "data/strings.rb.txt" => "[1, 2]\n",
    "views/page.erb" => "<h1><%= title %></h1>\n<% items.each do |item| %>* <%= item %>\n<% end %>",
    "views/layout.erb" => "<body><%= yield %></body>\n",
    "page.html" => "<html><body><p class=\"a\">one</p><p>zwei ä</p></body></html>\n",
    "page.xml" => "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<root><item id=\"1\">ä</item></root>\n",
    "entity.xml" => "<!DOCTYPE r [<!ENTITY part SYSTEM \"part.xml\">]>\n<r>&part;</r>\n",
    "part.xml" => "<part>from a file</part>",
    "locales/en.yml" => "en:\n  hello: Hello\n  items:\n    one: one item\n    other: \"%<count>s items\"\n",
    "locales/de.yml" => "de:\n  hello: Grüß Gott\n",
    "locales/fr.rb" => "{ fr: { hello: \"Bonjour\" } }\n",
    "public/index.html" => "<h1>index</h1>\n",
    "public/css/site.css" => "body { color: red }\n",
    "public/range.txt" => "0123456789" * 1000
  }.freeze

  CODE = {
    "lib/main.rb" => "require_relative \"main/part\"\nmodule Main\n  DIR = __dir__\n  FILE = __FILE__\n  " \
                     "VERSION = File.read(\"\#{__dir__}/../VERSION\").chomp\nend\n",
    "lib/main/part.rb" => "module Main\n  module Part; LOCATION = caller_locations(0, 1)[0].absolute_path; end\nend\n",
    "lib/data_end.rb" => "$data_end = defined?(DATA)\n__END__\nthe data\n",
    "lib/broken.rb" => "def (\n",
    "lib/raises.rb" => "raise IOError, \"from \#{__FILE__}\"\n",
    "lib/lazy_thing.rb" => "class LazyThing; PLACE = __FILE__; end\n",
    "lib/top_level.rb" => "$top_level = [self.to_s, Module.nesting, __method__]\ndef top_level_method = 1\nTOP_LEVEL = 1\n",
    "lib/both.rb" => "$both = :rb\n",
    "lib/both" => "$both = :none\n",
    "lib/frozen.rb" => "# frozen_string_literal: true\n$frozen = \"x\".frozen?\n",
    "lib/latin.rb" => "# encoding: iso-8859-1\n$latin = \"\xE4\"\n".b,
    "script.rb" => "#!/usr/bin/env ruby\nputs [__FILE__, $0, __dir__].inspect\n",
    "zeit/shop.rb" => "module Shop\n  VERSION = \"1\"\nend\n",
    "zeit/shop/cart.rb" => "class Shop::Cart\n  def items = [Shop::Order::TOTAL]\nend\n",
    "zeit/shop/order.rb" => "class Shop::Order\n  TOTAL = 3\nend\n",
    "zeit/shop/admin/panel.rb" => "class Shop::Admin::Panel\n  def file = __FILE__\nend\n",
    "zeit/shop/wrong.rb" => "module Shop; Other = 1; end\n"
  }.freeze

  MODES = { "modes/run" => 0o755, "modes/read_only" => 0o444, "modes/secret" => 0o600, "modes/nobody" => 0o000,
            "modes/private/" => 0o700, "script.rb" => 0o755 }.freeze

  # name => content.
  def self.all = TEXTS.merge(LINKS, DATA, CODE)
end
