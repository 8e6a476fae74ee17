# frozen_string_literal: true

# The public address of the repository stands in the gemspec. The gem names it, and nothing names another one.
require_relative "test_helper"
require "tmpdir"

class RepositoryTest < Minitest::Test
  ROOT = RubyProcess::PROJECT

  def address = File.read("#{ROOT}/invfs.gemspec")[/^repository = "(.+)"$/, 1]

  # The metadata of the gem if the address were this.
  def metadata(address)
    Dir.mktmpdir("invfs-gemspec") do |directory|
      text = File.read("#{ROOT}/invfs.gemspec").sub(/^repository = .*$/, "repository = #{address.dump}")
      # The version is loaded.
      File.write("#{directory}/invfs.gemspec", text.sub(/^require_relative .*$/, ""))
      Gem::Specification.load("#{directory}/invfs.gemspec").metadata
    end
  end

  def test_the_placeholder_is_not_published
    assert_equal({ "rubygems_mfa_required" => "true" }, metadata("https://github.com/OWNER/invfs"))
  end

  def test_an_address_is_in_all_of_the_metadata
    links = metadata("https://forge.example/me/invfs")
    version = InVFS::VERSION
    assert_equal "https://forge.example/me/invfs/tree/v#{version}", links["source_code_uri"]
    assert_equal "https://forge.example/me/invfs/blob/v#{version}/CHANGELOG.md", links["changelog_uri"]
    assert_equal "https://forge.example/me/invfs/issues", links["bug_tracker_uri"]
    assert_equal "https://rubydoc.info/gems/invfs/#{version}", links["documentation_uri"]
  end

  def test_no_page_names_another_address
    pages = Dir["#{ROOT}/{*.md,docs/*.md,.github/**/*}"].select { |path| File.file?(path) }
    pages.each do |path|
      named = File.read(path).scan(%r{https://(?:github|gitlab)\.com/[\w.-]+/invfs}).uniq
      assert_empty named - [address], path
    end
  end
end
