# frozen_string_literal: true

# Extracts Ruby from Markdown, runs it, and checks it against its comments.
#
# A ```ruby block after a line <!-- run --> runs in its own process, in a folder with FILES and ARCHIVES. In it
#   expression #=> value      must be true as `expression == value`
#   expression # raises Class must raise exactly that class
#   expression # prints text  must print that as the next line on standard output
require_relative "ruby_process"
require_relative "zip_builder"
require "fileutils"
require "tmpdir"

module DocsCheck
  Block = Struct.new(:page, :line, :code) do
    # The output of the block according to its comments.
    def prints
      code.scan(/# prints (.*)$/).flatten.map { |line| "#{line}\n" }.join
    end
  end

  ARCHIVES = {
    "mybox.zip" => { "mybox/core.rb" => "module MyBox\n  def self.sayhello! = puts(\"Hello, Ruby!\")\nend\n" },
    "app.zip" => {
      "VERSION" => "1.2\n",
      "main.rb" => "require_relative 'lib/app'\n",
      "lib/app.rb" => "module App\n  autoload :Page, \"\#{__dir__}/app/page.rb\"\n  FILE = __FILE__\nend\n",
      "lib/app/page.rb" => "App::Page = :shipped\n"
    },
    "old.zip" => { "lib/app.rb" => "module App\n  FILE = __FILE__\nend\n" }
  }.freeze

  FILES = { "overrides/lib/app/page.rb" => "App::Page = :changed\n", "notes.txt" => "no archive\n" }.freeze

  CHECKS = <<~'RUBY'
    module Kernel
      private

      def docs_equal(value, expected, source)
        value == expected or abort("#{source}\n  is #{value.inspect}")
      end

      def docs_raises(name, source)
        yield
        abort("#{source}\n  raised nothing")
      rescue Exception => e
        raise if e.is_a?(SystemExit)
        e.class.name == name or abort("#{source}\n  raised #{e.class}: #{e.message}")
      end
    end
  RUBY

  module_function

  def fences(page)
    File.read(page).scan(/^```ruby$/).size
  end

  def blocks(page)
    text = File.read(page)
    text.enum_for(:scan, /^<!-- run -->\n```ruby\n(.*?)^```$/m).map do
      match = Regexp.last_match
      Block.new(page, match.pre_match.count("\n") + 3, match[1])
    end
  end

  # The anchors that GitHub gives to the headings.
  def anchors(page)
    File.read(page).scan(/^#+ (.*)$/).flatten.map { |title| title.downcase.gsub(/[^\w\- ]/, "").tr(" ", "-") }
  end

  def run(block)
    Dir.mktmpdir("invfs-docs") do |directory|
      ARCHIVES.each { |name, files| ZipBuilder.write("#{directory}/#{name}", files) }
      FILES.each do |name, text|
        FileUtils.mkdir_p(File.dirname("#{directory}/#{name}"))
        File.write("#{directory}/#{name}", text)
      end
      File.write("#{directory}/checks.rb", CHECKS)
      File.write("#{directory}/#{File.basename(block.page)}.rb", checked(block))
      RubyProcess.run("-W1", "-I#{RubyProcess::LIB}", "-r./checks.rb", "#{File.basename(block.page)}.rb",
                      chdir: directory, env: { "INVFS_CACHE" => "#{directory}/cache" })
    end
  end

  # The block with its comments turned into checks; line numbers are those of the page.
  def checked(block)
    lines = block.code.lines.map do |line|
      if (match = /\A\s*(?<code>\S.*?)\s+#=> (?<value>.*)$/.match(line))
        "docs_equal((#{match[:code]}), (#{match[:value]}), #{line.strip.dump})\n"
      elsif (match = /\A\s*(?<code>\S.*?)\s+# raises (?<error>\S+)$/.match(line))
        "docs_raises(#{match[:error].dump}, #{line.strip.dump}) { #{match[:code]} }\n"
      else
        line
      end
    end
    ("\n" * (block.line - 1)) + lines.join
  end
end
