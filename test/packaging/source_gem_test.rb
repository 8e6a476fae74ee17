# frozen_string_literal: true

# The source gem: its contents, and that it installs with only Rust, libclang and Ruby.
require_relative "packaging_helper"

class SourceGemTest < Minitest::Test
  include PackagingHelper

  def gem_file = PackagingHelper.built_by("gem")

  def home = PackagingHelper.installed(gem_file)

  def test_contains_what_building_needs
    needed = %w[LICENSE lib/invfs.rb lib/invfs/zip.rb ext/invfs/extconf.rb ext/invfs/Cargo.toml ext/invfs/Cargo.lock
                ext/invfs/build.rs ext/invfs/src/lib.rs ext/invfs/engine/Cargo.toml ext/invfs/engine/src/lib.rs
                ext/invfs/fs/Cargo.toml ext/invfs/interpose/src/lib.rs]
    assert_empty needed - contents(gem_file)
  end

  def test_contains_nothing_else
    assert_empty contents(gem_file) - tracked - MADE, "files that git does not know"
    strays = %r{/(target|fuzz|tests|benches)/|\.(so|bundle|o|gem|zip)\z|mkmf|Makefile|/\.|\A(test|bench|bin|pkg|tmp)/}
    assert_empty contents(gem_file).grep(strays)
  end

  def test_the_links_of_its_pages_lead_to_files_of_the_gem
    files = contents(gem_file)
    directories = files.flat_map { |name| name.split("/")[..-2].inject([]) { |all, part| all << [*all.last, part].join("/") } }
    pages = files.grep(/\.md\z/)
    refute_empty pages & %w[README.md docs/cli.md]
    pages.each do |page|
      File.read("#{ROOT}/#{page}").scan(/\]\(([^)\s#]+)[^)]*\)/).flatten.grep_v(/\A(https?|mailto):/).each do |link|
        target = File.expand_path(link, "/#{File.dirname(page)}").delete_prefix("/")
        assert_includes files + directories, target, "#{page}: #{link}"
      end
    end
  end

  def test_has_the_manual_page_and_the_documentation_of_the_native_methods
    assert_empty MADE - contents(gem_file)
    spec = Gem::Package.new(gem_file).spec
    assert_empty %w[README.md docs/cli.md api/invfs.rb] - spec.extra_rdoc_files
    assert_equal ["--main", "README.md"], spec.rdoc_options.first(2)
  end

  def test_describes_itself
    spec = Gem::Package.new(gem_file).spec
    assert_equal %w[invfs-1.0.0.dev ruby BSD-2-Clause], [spec.full_name, spec.platform, spec.license]
    assert_equal ["ext/invfs/extconf.rb"], spec.extensions
    assert_empty spec.dependencies
    refute spec.required_ruby_version.satisfied_by?(Gem::Version.new("3.0.9"))
    assert spec.required_ruby_version.satisfied_by?(Gem::Version.new("3.1.0"))
  end

  def test_installs_and_runs
    assert_runs_example home
  end

  def test_runs_the_program_of_the_readme
    program = File.read("#{ROOT}/README.md")[/^```ruby\n(.*?mybox.*?)^```/m, 1]
    refute_nil program, "README.md has no Ruby program with mybox"
    assert_runs_example home, program
  end

  def test_runs_without_rust
    assert_runs_example home, EXAMPLE, "PATH" => PackagingHelper.path_without_rust
  end

  def test_installs_one_library_and_no_leftovers
    libraries = Dir["#{home}/**/#{LIBRARY}"].map { |path| path.delete_prefix("#{home}/") }
    assert_equal ["gems/invfs-1.0.0.dev/lib/invfs/#{LIBRARY}"], libraries
    assert_empty Dir["#{home}/**/target"], "cargo's target folder was left behind"
    megabytes = Dir["#{home}/**/*"].select { |path| File.file?(path) }.sum { |path| File.size(path) } / 1_000_000
    assert_operator megabytes, :<, 6
  end

  def test_says_what_is_missing_without_cargo
    outcome = PackagingHelper.install(gem_file, "#{PackagingHelper.scratch}/none",
                                      "PATH" => PackagingHelper.path_without_rust)
    refute_equal 0, outcome.status
    assert_match(/cargo was not found. Install cargo first/, outcome.to_s)
  end
end
