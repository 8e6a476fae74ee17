# frozen_string_literal: true

# Generates the tables of docs/mounts.md from code.

namespace :mounts do
  desc "Write the tables of functions and of tested uses into docs/mounts.md"
  task :page do
    require_relative "../test/support/mounts_page"
    File.write(MountsPage::FILE, MountsPage.text)
  end
end
