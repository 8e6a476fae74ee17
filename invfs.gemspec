# frozen_string_literal: true

# The source gem. rakelib/pkg.rake makes the platform gems out of the same specification.
require_relative "lib/invfs/version"

# The public address of the repository. Everything else that names it is made of this or compared with it
# (test/repository_test.rb). As long as it is the placeholder, the gem names no address.
repository = "https://github.com/OWNER/invfs"

Gem::Specification.new do |spec|
  spec.name = "invfs"
  spec.version = InVFS::VERSION
  spec.authors = ["the invfs authors"]
  spec.summary = "require from zip archives, hashes, directories laid over each other, and objects of your own"
  spec.description = <<~TEXT
    invfs lets require, require_relative, load and autoload find code in anything that can hold files: zip archives,
    hashes of strings, unions of directories, and objects that you write yourself. Code in there behaves as the same
    code on disk. The native part is written in Rust.
  TEXT
  spec.homepage = "https://rubygems.org/gems/invfs"
  spec.license = "BSD-2-Clause"
  spec.required_ruby_version = ">= 3.1"
  spec.metadata = { "rubygems_mfa_required" => "true" }
  unless repository.include?("OWNER")
    spec.metadata.update("source_code_uri" => "#{repository}/tree/v#{spec.version}",
                         "changelog_uri" => "#{repository}/blob/v#{spec.version}/CHANGELOG.md",
                         "bug_tracker_uri" => "#{repository}/issues",
                         "documentation_uri" => "https://rubydoc.info/gems/invfs/#{spec.version}")
  end

  Dir.chdir(__dir__) do
    # `rake gem` makes man/invfs.1 and api/invfs.rb.
    made = Dir["man/*.1", "api/*.rb"]
    pages = Dir["*.md", "docs/**/*.md"]
    sources = Dir["ext/invfs/**/*.{rs,toml,rb}", "ext/invfs/Cargo.lock"]
    sources = sources.grep_v(%r{\Aext/invfs/(clippy|(.*/)?(fuzz|target|tests|benches)/)})
    spec.files = Dir["lib/**/*.rb", "sig/**/*.rbs", "exe/*", "docs/images/*", "examples/**/{*.rb,Rakefile}"] +
                 pages + %w[LICENSE .yardopts] + made + sources
    spec.extra_rdoc_files = pages + made.grep(/\.rb\z/)
  end
  spec.rdoc_options = ["--main", "README.md", "--title", "invfs"]
  spec.bindir = "exe"
  spec.executables = spec.files.grep(%r{\Aexe/}) { |file| File.basename(file) }
  spec.extensions = ["ext/invfs/extconf.rb"]
end
