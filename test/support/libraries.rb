# frozen_string_literal: true

# The libraries that run from an archive, each with a use that shows that it works.
module Libraries
  # Name of the gem => its Debian package, the minimum number of its files that load, code that uses it and prints the
  # result, and a pattern for that output.
  ALL = {
    "activesupport" => ["ruby-activesupport", 200, <<~'RUBY', /post, Posts, 1, 2, and 3, 1 KB.*2026-03-01/m],
      require "active_support/all"
      puts ["posts".singularize, "post".pluralize.camelize, [1, 2, 3].to_sentence, ActiveSupport::NumberHelper.number_to_human_size(1024)].join(", ")
      puts Date.new(2026, 1, 31) + 1.month + 1.day, ActiveSupport::JSON.encode({ a: [1, nil, "é"] })
      puts ActiveSupport::TimeZone["Berlin"].local(2026, 7, 1).iso8601
    RUBY
    "addressable" => ["ruby-addressable", 6, <<~'RUBY', /xn--bcher-kva\.example.*q=1/m],
      require "addressable/uri"
      require "addressable/template"
      puts Addressable::URI.parse("http://bücher.example/ä").normalize, Addressable::IDNA.unicode_normalize_kc("Å")
      p Addressable::Template.new("http://x/{a}{?q*}").expand("a" => "b", "q" => { "q" => 1 }).to_s
      p Addressable::URI.parse("http://www.example.co.uk/").domain
    RUBY
    "bundler" => ["bundler", 150, <<~'RUBY', /rack \(= 2\.2\).*\["sinatra", "tilt"\]/m],
      require "bundler"
      File.write("Gemfile", "source 'https://example.org'\ngem 'tilt'\ngroup(:web) { gem 'sinatra', '~> 3' }\n")
      lock = Bundler::LockfileParser.new("GEM\n  remote: https://example.org/\n  specs:\n    rack (2.2)\n    tilt (2.0)\n\n" \
                                         "PLATFORMS\n  ruby\n\nDEPENDENCIES\n  rack (= 2.2)\n")
      puts lock.specs.map(&:full_name), lock.dependencies.values.map(&:to_s)
      p Bundler::Dsl.evaluate("Gemfile", "Gemfile.lock", {}).dependencies.map(&:name).sort
    RUBY
    "i18n" => ["ruby-i18n", 20, <<~'RUBY', /zwei Dinge.*translation missing/mi],
      require "i18n"
      File.write("de.yml", "de:\n  things:\n    one: ein Ding\n    other: \"%<word>s Dinge\"\n")
      I18n.load_path << File.expand_path("de.yml")
      I18n.locale = :de
      puts I18n.t(:things, count: 2, word: "zwei"), I18n.t(:none), I18n.transliterate("Ærø")
    RUBY
    "jekyll" => ["jekyll", 80, <<~'RUBY', %r{<h1 id="title">Title</h1>.*class="highlight".*\.a \.b.*red}m],
      require "jekyll"
      { "_config.yml" => "title: Site\n", "_layouts/page.html" => "<title>{{ site.title }}</title>{{ content }}\n",
        "index.md" => "---\nlayout: page\n---\n# Title\n\n*text* {{ 'a b' | slugify }}\n\n```ruby\nputs :x\n```\n",
        "_data/people.yml" => "- ann\n", "people.html" => "---\n---\n{% for x in site.data.people %}{{ x }}{% endfor %}\n",
        "style.scss" => "---\n---\n.a { .b { color: red; } }\n" }.each do |name, content|
        FileUtils.mkdir_p(File.dirname("site/#{name}"))
        File.write("site/#{name}", content)
      end
      Jekyll::Site.new(Jekyll.configuration("source" => "site", "destination" => "out", "quiet" => true,
                                            "disable_disk_cache" => true)).process
      Dir.glob("out/**/*").sort.each { |file| puts file, (File.read(file) if File.file?(file)) }
    RUBY
    "json" => ["libruby", 8, <<~'RUBY', /JSON::Ext::Parser.*\{"a" ?=> ?\[1.*unexpected token/m],
      require "json"
      p JSON::Parser, JSON.generator, JSON.parse('{"a": [1, null, "\u00e9", 1e3]}')
      puts JSON.pretty_generate({ "a" => [1, { "b" => nil }] })
      begin
        JSON.parse("[1, x]")
      rescue JSON::ParserError => e
        puts e.message.lines.first
      end
    RUBY
    "kramdown" => ["ruby-kramdown", 40, <<~'RUBY', %r{<em>b</em>.*\\section}m],
      require "kramdown"
      text = "# A *b*\n\n1. x\n2. y\n\n|t|u|\n|-|-|\n|1|2|\n\nfoot[^1]\n\n[^1]: note\n"
      puts Kramdown::Document.new(text).to_html, Kramdown::Document.new(text).to_latex
    RUBY
    "mustermann" => ["ruby-mustermann", 20, <<~'RUBY', /"id"=>"7".*nil/m],
      require "mustermann"
      p Mustermann.new("/posts/:id(.:format)?").params("/posts/7.html"), Mustermann.new("/a/*").match("/b")
      p Mustermann.new("/a?", type: :regexp).match("/").to_s
    RUBY
    "nokogiri" => ["ruby-nokogiri", 60, <<~'RUBY', %r{\["1", "2"\].*<out>x</out>}m],
      require "nokogiri"
      p Nokogiri::HTML("<ul><li class=a>1<li class=a>2</ul>").css("li.a").map(&:text)
      sheet = '<x:stylesheet version="1.0" xmlns:x="http://www.w3.org/1999/XSL/Transform"><x:template match="/">' \
              '<out><x:value-of select="//b"/></out></x:template></x:stylesheet>'
      puts Nokogiri::XSLT(sheet).transform(Nokogiri::XML("<a><b>x</b></a>")), Nokogiri::XML("<a>").errors
    RUBY
    "psych" => ["libruby", 30, <<~'RUBY', /:?b(=>|: )\[1, nil, 1000, 31\].*Psych::SyntaxError/m],
      require "psych"
      p Psych.load("a: {b: [1, ~, 1_000, 0x1f]}\nc: :s\n", symbolize_names: true, permitted_classes: [Symbol])
      puts Psych.dump({ "a" => [1.5, :s, "multi\nline", nil] }), Psych.parse("- &x 1\n- *x").to_ruby.inspect
      begin
        Psych.load("a: [")
      rescue Psych::SyntaxError => e
        puts e.class, e.message
      end
    RUBY
    # Rack 3, which Debian has for newer Rubies, has fewer files.
    "rack" => ["ruby-rack", RUBY_VERSION < "3.3" ? 60 : 50, <<~'RUBY', %r{200.*hello é.*text/css.*"a" ?=> ?\["1", "2"\]}m],
      require "rack"
      app = Rack::Builder.new do
        use Rack::ContentLength
        use Rack::ETag
        run ->(env) { [200, { "Content-Type" => "text/plain" }, ["hello #{Rack::Request.new(env).params["n"]}"]] }
      end
      answer = Rack::MockRequest.new(app).get("/?n=%C3%A9")
      p answer.status, answer.headers.to_a, answer.body
      p Rack::Mime.mime_type(".css"), Rack::Utils.parse_nested_query("a[]=1&a[]=2")
    RUBY
    "rouge" => ["ruby-rouge", 250, <<~'RUBY', %r{<span class="k">def</span>.*Python.*\.highlight}m],
      require "rouge"
      puts Rouge.highlight("def a = 1 # é\n", "ruby", "html"), Rouge::Lexer.guess(filename: "x.py").title
      puts Rouge::Themes::Github.render(scope: ".highlight"), Rouge::Lexer.all.size
      puts Rouge::Lexers::PHP.new.lex("<?php strlen($a);").map { |token, text| "#{token.qualname} #{text}" }
    RUBY
    "rubocop" => ["rubocop", 700, <<~'RUBY', /offenses? corrected.*x = \{ a: 1 \}.*puts "é"/m],
      require "rubocop"
      File.write("bad.rb", "x = {:a=>1}\nputs   'é',x\n")
      File.write(".rubocop.yml", "AllCops:\n  NewCops: enable\nStyle/StringLiterals:\n  EnforcedStyle: double_quotes\n")
      p RuboCop::CLI.new.run(%w[-A --cache false --format simple bad.rb])
      puts File.read("bad.rb")
    RUBY
    "sinatra" => ["ruby-sinatra", 5, <<~'RUBY', /200.*Hello ann.*404.*nothing here/m],
      require "sinatra/base"
      class App < Sinatra::Base
        get("/hello/:name") { erb "Hello <%= params[:name] %>", layout: "[<%= yield %>]" }
        post("/") { redirect to("/hello/x") }
        not_found { "nothing here" }
      end
      web = Rack::MockRequest.new(App)
      [web.get("/hello/ann"), web.post("/"), web.get("/none")].each { |answer| p answer.status, answer["Location"], answer.body }
    RUBY
    "thor" => ["ruby-thor", 25, <<~'RUBY', /hello, ann!.*Commands:.*could not find command/mi],
      require "thor"
      class Tool < Thor
        def self.exit_on_failure? = false
        desc "hello NAME", "Says hello"
        method_option :loud, type: :boolean
        def hello(name) = puts("hello, #{name}#{"!" if options[:loud]}")
      end
      $stderr = $stdout
      Tool.start(%w[hello ann --loud])
      Tool.start(%w[help])
      Tool.start(%w[helo])
      $stderr = STDERR
    RUBY
    "tilt" => ["ruby-tilt", 5, <<~'RUBY', /1 2 3.*:5:in/m],
      require "tilt"
      File.write("x.erb", "<% a.each do |x| %><%= x %> <% end %>\n")
      puts Tilt.new("x.erb").render(nil, a: [1, 2, 3]), Tilt["x.str"].new { "\#{self}" }.render("me")
      begin
        Tilt::ERBTemplate.new("bad.erb", 5) { "<%= raise 'x' %>" }.render
      rescue RuntimeError => e
        puts e.backtrace.first
      end
    RUBY
    "zeitwerk" => ["ruby-zeitwerk", 8, <<~'RUBY', /:inner.*NameError/m]
      require "zeitwerk"
      %w[app app/outer].each { |directory| Dir.mkdir(directory) }
      File.write("app/outer/inner.rb", "module Outer::Inner\n  X = :inner\nend\n")
      File.write("app/wrong.rb", "Other = 1\n")
      loader = Zeitwerk::Loader.new
      loader.push_dir("app")
      loader.setup
      p Outer::Inner::X, loader.dirs.size
      begin
        Wrong
      rescue NameError => e
        puts e.class
      end
    RUBY
  }.freeze
end
