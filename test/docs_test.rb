# frozen_string_literal: true

# The pages are true: their Ruby runs and does what its comments say, their links work, and lists that
# must be complete are complete.
require_relative "test_helper"
require_relative "support/docs_check"

class DocsTest < Minitest::Test
  PAGES = Dir["#{RubyProcess::PROJECT}/{*,docs/*}.md"].sort.freeze

  PAGES.each do |page|
    DocsCheck.blocks(page).each do |block|
      define_method("test_the_code_in_#{File.basename(page)}_line_#{block.line}") do
        outcome = DocsCheck.run(block)
        assert_equal 0, outcome.status, "#{page}:#{block.line}\n#{outcome}"
        assert_equal block.prints, outcome.stdout, "#{page}:#{block.line} prints something else\n#{outcome}"
        assert_empty outcome.stderr, "#{page}:#{block.line}"
      end
    end

    define_method("test_the_links_of_#{File.basename(page)}") do
      File.read(page).scan(/\]\(([^)\s]+)\)/).flatten.grep_v(/\Ahttps?:/).each do |link|
        path, anchor = link.split("#", 2)
        target = path.empty? ? page : File.expand_path(path, File.dirname(page))
        assert_path_exists target, "#{page}: #{link}"
        assert_includes DocsCheck.anchors(target), anchor, "#{page}: #{link}" if anchor
      end
    end
  end

  def test_all_ruby_in_the_documentation_is_run
    PAGES.each { |page| assert_equal DocsCheck.fences(page), DocsCheck.blocks(page).size, "#{page}: ```ruby without <!-- run -->" }
  end

  def test_every_error_class_is_explained
    text = File.read("#{RubyProcess::PROJECT}/docs/limits.md")
    errors = InVFS.constants.select { |name| InVFS.const_get(name).then { |value| value.is_a?(Class) && value <= InVFS::Error } }
    errors.each { |name| assert_includes text, "`#{name}`" }
  end

  def test_the_programs_that_the_readme_names_are_there
    text = File.read("#{RubyProcess::PROJECT}/README.md")
    text.scan(%r{`(bin/[\w-]+)}).flatten.uniq.each do |program|
      assert File.executable?("#{RubyProcess::PROJECT}/#{program}"), program
    end
  end
end
