# frozen_string_literal: true

# The output of `invfs doctor` for a feature, and for an archive.
require_relative "cli_helper"

class DoctorTest < Minitest::Test
  include CLIHelper

  KEY = InVFS::CompiledCode.key

  def build(**options, &block)
    File.binwrite(path("app.zip"), ZipBuilder.build(**options, &block))
  end

  # The bytes that begin a shared object, for the machine with this number.
  def elf(machine) = "\x7FELF\x02\x01\x01".b.ljust(16, "\0") + [3, machine].pack("S<S<") + ("\0" * 44)

  def test_invfs_itself
    outcome = invfs("doctor")
    assert_success outcome, /\Ainvfs #{InVFS::VERSION}\n  Ruby: #{Regexp.escape(RUBY_DESCRIPTION)}\n  native library: .*invfs\.(so|bundle)$/
    how = /^  require from a VFS: works, by Ruby's own loader\n  mounts: work\n\z/
    assert_match how, outcome.stdout if RUBY_PLATFORM.include?("linux")
  end

  def test_invfs_itself_without_archives_as_directories
    skip "mounts are for Linux" unless RUBY_PLATFORM.include?("linux")
    outcome = invfs("doctor", env: { "RUBY_INVFS_TRANSPARENT" => "0" })
    assert_success outcome, /^  require from a VFS: works, by the loader of invfs\n  mounts: work; what is in \$LOAD_PATH is not readable/
  end

  def test_a_feature_that_is_found
    pack({ "lib/a.rb" => "p 1" })
    outcome = invfs("doctor", "--load-path", "app.zip/lib", "a")
    assert_success outcome, %r{\Arequire "a"\n.*a\.rb in \$:\[0\] .*app\.zip/lib \(directory of an archive\): found, 3 bytes\n.*^=> would load #{path("app.zip")}/lib/a\.rb\n\z}m
    assert_equal outcome.stdout, invfs("doctor", "a", "-Iapp.zip/lib").stdout
    assert_success invfs("doctor", path("app/lib/a.rb")), /=> would load #{path("app/lib/a.rb")}\n/
  end

  def test_a_feature_that_is_not_found
    pack({ "lib/a.rb" => "p 1" })
    outcome = invfs("doctor", "a", "-I", "app.zip", "-I", "nowhere")
    assert_equal [1, "invfs: a would raise a LoadError: there is no such file\n"], [outcome.status, outcome.stderr]
    ["a.rb in $:[0] #{path("app.zip")} (archive): no such file", "#{path("nowhere")} (not there): no such directory",
     "=> would raise a LoadError"].each { |text| assert_includes outcome.stdout, text }
  end

  def test_an_archive_in_the_load_path_that_is_broken
    build { |zip| zip.add("a.rb", "1", central: { offset: 99 }) }
    outcome = invfs("doctor", "a", "-I", "app.zip")
    assert_equal 1, outcome.status
    assert_match(/\Ainvfs: a would raise LoadError: cannot open .*app\.zip/, outcome.stderr)
    assert_match(/a\.rb in \$:\[0\] .*app\.zip \(archive\): cannot open/, outcome.stdout)
  end

  def test_what_is_loaded_first
    pack({ "first.rb" => "puts :first", "a.rb" => "" })
    outcome = invfs("doctor", "-I", "app.zip", "-r", "first", "first")
    assert_success outcome, /\Afirst\nrequire "first"\n.*loaded already, from #<InVFS::ZipFS/m
    assert_failure invfs("doctor", "-r", "no such", "a"), 1, /cannot load such file -- no such/
  end

  # The name is what is asked about, not run.
  def test_the_feature_is_not_loaded
    pack({ "a.rb" => "abort 'it was loaded'" })
    assert_success invfs("doctor", "-I", "app.zip", "a")
  end

  def test_a_good_archive
    pack({ "lib/a.rb" => "p 1", "main.rb" => "2", "link" => :"lib/a.rb" }, compile: true, main: "main.rb")
    assert_success invfs("doctor", "app.zip"), <<~TEXT
      app.zip: zip archive, 6 entries, #{File.size(path("app.zip"))./(1000.0).round(1)} kB
        contents: everything was read, all checksums are right
        compiled code: 2 of 2 for #{KEY}, this Ruby
        links: 1, leading out of the archive: 0, leading to nothing: 0
        main script: main.rb
    TEXT
  end

  def test_compiled_code_for_others
    code = InVFS::CompiledCode.build("1")
    build { |zip| zip.add("a.rb", "1") && zip.add("b.rb", "2") && zip.add(".invfs/9.9p1-other/a.rb.iseq", code) }
    outcome = invfs("doctor", "app.zip")
    assert_success outcome, /compiled code: 1 of 2 for 9\.9p1-other, another Ruby than this\n  compiled code: none for this Ruby, #{Regexp.escape(KEY)}/
    build { |zip| zip.add("a.rb", "1") }
    assert_success invfs("doctor", "app.zip"), /compiled code: none; invfs compile adds it/
  end

  def test_native_extensions
    build do |zip|
      zip.add("here.so", File.binread($".grep(%r{/invfs\.(so|bundle)\z}).first, 4096))
      zip.add("mine.so", elf(40))
      zip.add("other.so", elf(40))
      zip.add("mac.bundle", [0xfeedfacf, 0x0100000c].pack("L<L<"))
      zip.add("text.so", "text")
      zip.add("short.so", "\x7FELF")
    end
    lines = invfs("doctor", "app.zip").stdout.lines(chomp: true).grep(/native/).map(&:strip)
    assert_equal 5, lines.size, lines
    assert_equal ["native extensions: 1 for ELF machine nil (not what this Ruby can load): short.so",
                  "native extensions: 1 for Mach-O arm64 (not what this Ruby can load): mac.bundle",
                  "native extensions: 1 for no system, they are no shared objects (not what this Ruby can load): text.so",
                  "native extensions: 2 for ELF arm (not what this Ruby can load): mine.so, other.so"], lines.grep_v(/here\.so/).sort
    assert_match(/1 for \S+ \S+ \(as here\): here\.so/, lines.grep(/here\.so/).first)
  end

  def test_what_is_broken
    build do |zip|
      zip.add("a.rb", "1", lie: { crc: 1 })
      zip.add("out", "../x", symlink: true)
      zip.add("nothing", "none", symlink: true)
      zip.add("bad.so", "1", lie: { crc: 1 })
    end
    outcome = invfs("doctor", "app.zip")
    assert_equal 1, outcome.status
    assert_match(/contents: 3 broken.*links: 2, leading out of the archive: 1, leading to nothing: 1/m, outcome.stdout)
    assert_equal ["a.rb", "bad.so", "out"], outcome.stderr.lines.filter_map { |line| line[/\Ainvfs: app\.zip: (\S+): /, 1] }.sort
    assert_match(/\Ainvfs: app\.zip: 3 of 4 entries broken\Z/, outcome.stderr.lines.last)
  end

  def test_what_is_no_archive
    File.write(path("text"), "text")
    assert_failure invfs("doctor", "text"), 1, /text: not a zip archive/
  end

  def test_a_file_that_is_too_large_to_be_loaded
    build { |zip| zip.add("large.rb", "#" * 3_000_000, deflate: true) && zip.add("data", "#" * 3_000_000, deflate: true) }
    outcome = invfs("doctor", "app.zip")
    assert_success outcome, /too large to be loaded: large\.rb, 3000000 bytes \(the limit is 2097152\)/
    refute_match(/loaded: data/, outcome.stdout)
  end

  def test_hostile_names
    build { |zip| zip.add("a\e[31m.rb", "1", lie: { crc: 1 }) && zip.add("b\e[31m.so", "1") }
    outcome = invfs("doctor", "app.zip")
    refute_includes outcome.stdout + outcome.stderr, "\e"
    refute_includes invfs("doctor", "x\e[31m").then { |said| said.stdout + said.stderr }, "\e"
  end
end
