# frozen_string_literal: true

# The manual page that is made of docs/cli.md: everything of that page is in it, as man shows it.
require_relative "test_helper"
require "open3"

class ManTest < Minitest::Test
  def page
    require_relative "support/man_page"
    ManPage.text
  rescue LoadError
    skip "kramdown is not there"
  end

  def test_it_names_the_command_and_every_section
    text = page
    assert_match(/^\.TH "INVFS" "1"\n\.SH NAME\ninvfs \\- packs/, text)
    sections = File.readlines("#{RubyProcess::PROJECT}/docs/cli.md").grep(/^## /).map { |line| line[3..].chomp }
    assert_equal sections, text.scan(/^\.SH "(.*)"/).flatten
    assert_match(/^\.TP\n\\fBinvfs unpack ARCHIVE\\fP\nwrites/, text)
    refute_match(/^\.T[SE]|\.UR|<!--/, text)
  end

  def test_groff_has_nothing_to_complain_about
    skip "groff is not there" unless ENV["PATH"].split(":").any? { |directory| File.executable?("#{directory}/groff") }
    out, err, status = Open3.capture3("groff", "-K", "utf8", "-man", "-t", "-Tutf8", "-ww", "-rLL=120n", stdin_data: page)
    assert_equal ["", true], [err, status.success?]
    # Code after a table of options is code.
    assert_match(/^ +\$ invfs pack app --exclude '\*\.md' --exclude spec$/, out.gsub(/.\x08|\e\[\d+m/, ""))
  end
end
