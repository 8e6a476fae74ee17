# frozen_string_literal: true

# The source gem. rakelib/pkg.rake makes the platform gem out of the same specification.
require_relative "lib/invfs/version"

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

  Dir.chdir(__dir__) do
    spec.files = Dir["lib/**/*.rb", "sig/**/*.rbs", "exe/*", "docs/**/*.md", "*.md", "LICENSE"] +
                 Dir["ext/invfs/**/*.{rs,toml,rb}", "ext/invfs/Cargo.lock"].grep_v(%r{\Aext/invfs/(.*/)?(fuzz|target)/})
  end
  spec.bindir = "exe"
  spec.executables = spec.files.grep(%r{\Aexe/}) { |file| File.basename(file) }
  spec.extensions = ["ext/invfs/extconf.rb"]
end
