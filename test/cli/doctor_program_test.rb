# frozen_string_literal: true

# What `invfs doctor` says about a packed program: the libraries that it needs, and what a trial run reads.
require_relative "project_helper"

class DoctorProgramTest < Minitest::Test
  include ProjectHelper

  EXTENSION = "#{RbConfig::CONFIG["rubyarchdir"]}/etc.#{RbConfig::CONFIG["DLEXT"]}".freeze

  def need_elf
    skip "there is no such extension here" unless File.file?(EXTENSION)
    @bytes = File.binread(EXTENSION)
    glibc = ["\x7FELF", "libc.so.6\0", "GLIBC_2."].all? { |text| @bytes.include?(text.b) }
    skip "this is no system with glibc" unless glibc
  end

  def doctor(files, *arguments)
    FileUtils.rm_rf(path("app"))
    pack(files)
    invfs("doctor", "app.zip", *arguments)
  end

  def test_libraries_that_are_here
    need_elf
    outcome = doctor({ "etc.so" => @bytes })
    assert_success outcome, /^  libraries, here: (.*, )?libc\.so\.6/
    assert_match(/^  glibc: 2\.\d+(\.\d+)? or newer \(etc\.so\); here: \d+\.\d+$/, outcome.stdout)
    refute_includes outcome.stdout, "missing"
  end

  # The same as readelf says.
  def test_libraries_as_another_program_sees_them
    need_elf
    skip "there is no readelf" unless system("readelf", "--version", out: File::NULL, err: File::NULL)

    said = IO.popen({ "LC_ALL" => "C" }, ["readelf", "-dV", EXTENSION], &:read)
    outcome = doctor({ "etc.so" => @bytes })
    assert_equal said.scan(/NEEDED.*\[(.*)\]/).flatten.sort.join(", "), outcome.stdout[/libraries, here: (.*)/, 1]
    versions = said.scan(/Name: GLIBC_([\d.]+)/).flatten.map { |version| Gem::Version.new(version) }
    assert_equal versions.max.to_s, outcome.stdout[/glibc: ([\d.]+)/, 1]
  end

  def test_a_library_that_is_missing_or_packed
    need_elf
    changed = @bytes.gsub("libc.so.6\0".b, "libq.so.6\0".b)
    outcome = doctor({ "lib/etc.so" => changed })
    assert_equal 1, outcome.status, outcome
    assert_match(/^  libraries, missing: libq\.so\.6$/, outcome.stdout)
    assert_equal "invfs: app.zip: lib/etc.so needs libq.so.6, not here\n", outcome.stderr
    outcome = doctor({ "lib/etc.so" => changed, "lib/libq.so.6" => @bytes })
    assert_success outcome, /^  libraries, in the archive: libq\.so\.6$/
  end

  def test_a_glibc_that_is_too_old
    need_elf
    outcome = doctor({ "etc.so" => @bytes.gsub("GLIBC_2.".b, "GLIBC_9.".b) })
    assert_equal 1, outcome.status, outcome
    assert_match(/\Ainvfs: app\.zip: etc\.so needs glibc 9\.[\d.]+, not here\n\z/, outcome.stderr)
  end

  def test_extensions_that_are_damaged
    need_elf
    [@bytes[0, 64], @bytes[0, 500], @bytes[0, @bytes.size / 2], @bytes.dup.tap { |bytes| bytes[64, 400] = "\xFF".b * 400 }].each do |bytes|
      outcome = doctor({ "etc.so" => bytes })
      assert_equal [0, ""], [outcome.status, outcome.stderr], outcome
    end
  end

  def test_the_program
    install_gem("leaf", "1.0", { "exe/leaf" => "" }, executables: %w[leaf])
    assert_success invfs("pack", "leaf", "--writable", "-o", "app.zip")
    assert_success invfs("doctor", "app.zip"),
                   %r{^  program: leaf, writable; main script: gems/gems/leaf-1\.0/exe/leaf; commands: 1; gems: 1$}
  end

  READS = <<~RUBY
    require "json"
    require "inside"
    require ARGV[0]
    File.read(ARGV[1])
    Dir.children(File.dirname(ARGV[1]))
    File.open(ARGV[2], mode: "w") { |file| file << File.read(__FILE__) }
    fork { open(ARGV[3], &:read) }
    Process.wait
    File.read(File.join(File.dirname(ARGV[3]), "none")) rescue nil
    puts "printed"
    exit Integer(ARGV[4])
  RUBY

  def test_a_trial
    write({ "code.rb" => "", "data/read" => "", "data/forked" => "" }, "outside")
    files = { "main.rb" => READS, "lib/inside.rb" => "" }
    arguments = %w[code.rb data/read written data/forked].map { |name| path("outside/#{name}") }
    outcome = doctor(files, "--trial", *arguments, "0")
    assert_equal [0, "printed\n"], [outcome.status, outcome.stderr], outcome
    found = ["loaded from outside: code.rb", "read from outside: data", "read from outside: data/forked", "read from outside: data/read"]
    assert_equal found.map { |line| "  #{line.sub(": ", ": #{path("outside")}/")}" }, outcome.stdout.lines(chomp: true).grep(/outside/)
    outcome = doctor(files, "--trial", *arguments, "3")
    assert_equal [1, "printed\ninvfs: app.zip: the trial run failed: exit code 3\n"], [outcome.status, outcome.stderr]
  end

  def test_a_trial_that_reads_nothing
    assert_success(doctor({ "main.rb" => "require 'json'; require 'x'; File.read(__FILE__)", "lib/x.rb" => "" }, "--trial").tap { |outcome| outcome.stderr = "" },
                   /^  trial: nothing was read from outside$/)
  end

  def test_a_trial_writes_to_a_temporary_directory
    skip "there are no mounts here" unless InVFS.transparent?

    write({ "main.rb" => "File.write(File.join(__dir__, 'x'), ''); p ARGV" })
    assert_success invfs("pack", "app", "--writable")
    outcome = invfs("doctor", "--trial", "app.zip", "--", "-x")
    assert_equal [0, "[\"-x\"]\n"], [outcome.status, outcome.stderr], outcome
    refute_path_exists path("state")
  end

  def test_a_trial_of_what_is_no_archive
    assert_failure invfs("doctor", "--trial", "json"), 2, /--trial: json is no archive/
  end
end
