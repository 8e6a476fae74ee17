# frozen_string_literal: true

# The manual page, which is made of docs/cli.md and goes into the gems. It is not kept in the repository.

desc "Write man/invfs.1 from docs/cli.md (needs kramdown)"
task :man do
  require_relative "../test/support/man_page"
  mkdir_p File.dirname(ManPage::FILE), verbose: false
  File.write(ManPage::FILE, ManPage.text)
end
