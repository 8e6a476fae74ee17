# frozen_string_literal: true

# Compiled code for files that lie on disk: Ruby's own library.
require_relative "cli_helper"

class LibraryTest < Minitest::Test
  include CLIHelper

  # A file of the library that nothing else loads.
  WORDS = $LOAD_PATH.resolve_feature_path("shellwords")&.last || $LOADED_FEATURES.grep(%r{/shellwords\.rb\z}).first

  def forms(out = "app.zip") = names(out).grep(%r{\A\.invfs/library/})

  def test_what_the_sources_name_is_compiled_and_what_that_names
    summary = pack({ "a.rb" => "require 'shellwords'\nautoload :PP, 'pp'\nrequire 'own'\nrequire 'etc'", "own.rb" => "", "x.txt" => "require 'erb'" },
                   compile: true)
    assert_equal %w[pp.rb prettyprint.rb shellwords.rb], summary.library.map { |path| File.basename(path) }.grep(/words|pp|erb|pretty/).sort
    assert_equal summary.library.size, forms.size
    assert_includes forms, InVFS::Pack.const_get(:Compiled).library_name(WORDS, File.binread(WORDS))
    assert_equal %w[a.rb own.rb], summary.compiled
    assert_predicate InVFS::Pack.check(path("app.zip")), :good?
  end

  def test_what_is_packed_itself_is_not_compiled_twice
    summary = pack({ "a.rb" => "require 'shellwords'", "lib/shellwords.rb" => File.binread(WORDS) }, compile: true)
    refute_includes summary.library, WORDS
  end

  def test_none_and_all
    write({ "a.rb" => "require 'shellwords'" })
    assert_empty pack(compile: true, library: :none).library
    assert_empty forms
    assert_empty pack.library
    assert_success invfs("pack", "app", "--compile", "--no-library"), /compiled: 1$/
    assert_success invfs("pack", "app", "--compile"), /compiled: 1, and \d+ of Ruby's library$/
    assert_match(/is none of/, assert_raises(ArgumentError) { pack(compile: true, library: :some) }.message)
    assert_failure invfs("pack", "app", "--compile", "--library", "some"), 2, /invalid argument: --library some/
  end

  def test_all_of_the_standard_library
    skip "it takes long under stress" if GCStress::ON
    sources = Dir["#{RbConfig::CONFIG["rubylibdir"]}/**/*.rb"].select { |path| File.file?(path) }
    summary = pack({ "a.rb" => "" }, compile: true, library: :all)
    # Several may have the same name and contents: one form is for all of them.
    name = ->(path) { [File.basename(path), File.binread(path)] }
    assert_empty sources.map(&name) - summary.library.map(&name) - summary.not_compiled.map { |failed| name[failed.name] }
    assert_equal summary.library.size, forms.size
    assert_predicate InVFS::Pack.check(path("app.zip")), :good?
  end

  def test_compile_adds_them_to_an_archive_and_renews_them
    write({ "a.rb" => "require 'shellwords'" })
    pack(compile: true)
    packed = File.binread(path("app.zip"))
    pack
    assert_includes InVFS::Pack.compile(path("app.zip")).library, WORDS
    assert_equal packed, File.binread(path("app.zip"))
    InVFS::Pack.compile(path("app.zip"))
    assert_equal packed, File.binread(path("app.zip"))
    assert_success invfs("compile", "app.zip", "--no-library"), /\Aapp\.zip: 1 file compiled for \S+\n\z/
    assert_empty forms
    assert_success invfs("compile", "app.zip"), /\Aapp\.zip: 1 file compiled for \S+; \d+ of Ruby's library\n\z/
  end

  # An archive with a form that says it was made from `shellwords.rb`, but says `FORGED` when it runs.
  def forge
    source = File.binread(WORDS)
    form = InVFS::CompiledCode.build("FORGED = __FILE__\n")
    form[-20, 8] = [Zlib.crc32(source), source.bytesize].pack("L<2")
    ZipBuilder.write(path("app.zip"), { InVFS::Pack.const_get(:Compiled).library_name(WORDS, source) => form, "a.rb" => "" })
  end

  def prints(program, *options)
    outcome = RubyProcess.run("--disable-gems", *options, "-e", program, chdir: @dir)
    assert_equal [0, ""], [outcome.status, outcome.stderr], outcome
    outcome.stdout
  end

  def assert_takes(path, before, required = "shellwords")
    skip "there are no mounts here" unless RUBY_PLATFORM.include?("linux")
    taken = "#{before}\nrequire #{required.inspect}\np defined?(FORGED) && FORGED"
    assert_equal "#{path.inspect}\n", prints(taken, *RubyProcess::INVFS)
  end

  USE = <<~'RUBY'
    require "set"
    p __FILE__, Set[1].method(:add).source_location, $".grep(/set\.rb/), Set[1, 2].include?(2)
    begin
      Set.new(1)
    rescue ArgumentError => e
      puts e.backtrace.first
    end
    require "json"
    require "optparse"
    p JSON.parse("[1]"), OptionParser.new.parse(%w[a]), JSON.method(:parse).source_location, __method__.inspect
  RUBY

  def test_a_program_cannot_tell
    pack({ "a.rb" => USE }, compile: true)
    assert_equal prints(USE), prints("$: << InVFS.zip('app.zip')\n#{USE}", *RubyProcess::INVFS)
  end

  def test_it_is_taken_for_an_archive_in_the_load_path_and_for_a_mount
    forge
    assert_takes(WORDS, '$: << InVFS.zip("app.zip")')
    assert_takes(WORDS, 'InVFS.mount("/app", InVFS.zip("app.zip"))')
    assert_takes(WORDS, 'InVFS.mount("/app", InVFS.zip("app.zip"), writable: "upper")')
    assert_takes(WORDS, 'require "invfs/zip"; $: << "app.zip"; require "a"')
    assert_takes(WORDS, '$: << InVFS.union(InVFS.zip("app.zip"), "other")')
    assert_takes(WORDS, '$: << InVFS.zip("app.zip").sub("lib")')
    assert_takes(nil, 'InVFS.zip("app.zip")')
    assert_takes(nil, 'zip = InVFS.zip("app.zip"); $: << zip; zip.close; $:.pop')
    assert_takes(nil, 'InVFS.transparent = false; $: << InVFS.zip("app.zip")')
  end

  # The name, the length and the checksum decide, not the place.
  def test_only_the_same_file_is_the_same
    forge
    source = File.binread(WORDS)
    { "same/shellwords.rb" => source, "other/shellwords.rb" => source.sub("# ", "#-"), "longer/shellwords.rb" => "#{source}\n",
      "same/words.rb" => source }.each do |name, content|
      write({ File.basename(name) => content }, File.dirname(name))
      assert_takes((path(name) if name == "same/shellwords.rb"), '$: << InVFS.zip("app.zip")', path(name))
    end
  end

  def test_coverage_counts_lines_of_sources
    forge
    assert_takes(nil, '$: << InVFS.zip("app.zip"); require "coverage"; Coverage.start')
  end

  def test_a_damaged_form_is_not_taken
    forge
    bytes = File.binread(path("app.zip"))
    at = bytes.index("FORGED") and bytes[at] = "G"
    File.binwrite(path("app.zip"), bytes)
    assert_takes(nil, '$: << InVFS.zip("app.zip")')
  end
end
