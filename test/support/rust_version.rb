# frozen_string_literal: true

# The oldest Rust that we promise: the rust-version of the workspace must be enough for every package in its lock file,
# including those for tests, and must be the one in the documentation.
module RustVersion
  NAMED = {
    "README.md" => /Rust\s+(\d+(?:\.\d+)+)/,
    "bin/setup" => /^minimal_rust=(\S+)/,
    "ext/invfs/extconf.rb" => /^MINIMAL_RUST = "(.+)"/
  }.freeze

  module_function

  # The problems, a sentence each. +metadata+ is the output of `cargo metadata`, +texts+ the contents of the files
  # above.
  def problems(metadata, texts)
    members, others = metadata["packages"].partition { |package| metadata["workspace_members"].include?(package["id"]) }
    promised, *more = members.map { |package| package["rust_version"] }.uniq
    return ["The crates of the workspace differ in rust-version, or have none"] unless promised && more.empty?

    too_new(others, promised) +
      NAMED.flat_map { |file, pattern| misnamed(file, texts[file].scan(pattern).flatten, promised) }
  end

  def too_new(packages, promised)
    packages.select { |package| newer?(package["rust_version"] || "0", promised) }.map do |package|
      "#{package["name"]} #{package["version"]} needs Rust #{package["rust_version"]}, but #{promised} is promised"
    end
  end

  def misnamed(file, versions, promised)
    return ["#{file} names no version of Rust"] if versions.empty?

    (versions - [promised]).map { |version| "#{file} says Rust #{version}, but rust-version is #{promised}" }
  end

  def newer?(version, than) = Gem::Version.new(version) > Gem::Version.new(than)
end
