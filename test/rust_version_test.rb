# frozen_string_literal: true

# The check behind `rake rust_version` finds the faults that it is made for.
require "minitest/autorun"
require_relative "support/ruby_process"
require_relative "support/rust_version"

class RustVersionTest < Minitest::Test
  TEXTS = RustVersion::NAMED.to_h { |file, _| [file, File.read("#{RubyProcess::PROJECT}/#{file}")] }.freeze
  PROMISED = File.read("#{RubyProcess::PROJECT}/ext/invfs/Cargo.toml")[/^rust-version = "(.+)"/, 1]

  def test_content_with_packages_that_the_promised_rust_can_build
    assert_empty problems({ "zip" => PROMISED, "old" => "1.9.0", "silent" => nil })
    assert_empty problems({ "patch" => "#{PROMISED}.0" })
  end

  def test_finds_a_package_that_needs_a_newer_rust
    newer = PROMISED.sub(/\d+\z/) { |minor| (minor.to_i + 3).to_s }
    assert_equal ["zip 1.0.0 needs Rust #{newer}, but #{PROMISED} is promised"], problems({ "zip" => newer, "old" => "1.9" })
    assert_equal 1, problems({ "zip" => "#{PROMISED}.1" }).size
  end

  def test_finds_crates_of_the_workspace_that_differ
    assert_match(/differ in rust-version, or have none/, problems({}, members: { "invfs" => PROMISED, "engine" => "1.60" }).join)
    assert_match(/differ in rust-version, or have none/, problems({}, members: { "invfs" => nil }).join)
  end

  def test_finds_each_place_that_names_another_version
    { "README.md" => PROMISED, "bin/setup" => "=#{PROMISED}", "ext/invfs/extconf.rb" => "\"#{PROMISED}" }.each do |file, old|
      texts = TEXTS.merge(file => TEXTS[file].sub(old) { old.sub(PROMISED, "1.60") })
      assert_equal ["#{file} says Rust 1.60, but rust-version is #{PROMISED}"], problems({}, texts: texts)
      assert_equal ["#{file} names no version of Rust"], problems({}, texts: TEXTS.merge(file => ""))
    end
  end

  private

  # What is found where the lock file has these packages, with the Rust that each needs.
  def problems(packages, members: { "invfs" => PROMISED, "engine" => PROMISED }, texts: TEXTS)
    all = members.merge(packages).map do |name, version|
      { "id" => name, "name" => name, "version" => "1.0.0", "rust_version" => version }
    end
    RustVersion.problems({ "packages" => all, "workspace_members" => members.keys }, texts)
  end
end
