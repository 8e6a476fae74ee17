# frozen_string_literal: true

# Programs that are packed with a Ruby that was built without a shared library: they do what others do, and find no trace of
# how they were started. bin/unshared-ruby builds one.
require_relative "script_test"

class StandaloneUnsharedRubyTest < StandaloneScriptTest
  RUBY = "#{ENV.fetch("INVFS_RUBIES", "/opt/rubies")}/3.1-unshared/bin/ruby".freeze

  def setup
    super
    skip "bin/unshared-ruby builds the Ruby for this, which is not there" unless File.executable?(RUBY)
    # The extension that was built for this Ruby is good for the other one.
    skip "the extension is for Ruby #{RUBY_VERSION}" unless RUBY_VERSION.start_with?("3.1.")
  end

  # Packs by that Ruby.
  def invfs(*arguments, env: {}, **options)
    RubyProcess.command([RUBY, "--disable=gems", EXE, *arguments], env: ENVIRONMENT.merge(env), chdir: @dir, **options)
  end

  TRACES = <<~'RUBY'
    case ARGV.shift
    when "environment" then p ENV["LD_PRELOAD"], ENV.keys.grep(/INHERITED/), IO.popen("echo $LD_PRELOAD", &:read)
    when "descriptors"
      p Dir.children("/proc/self/fd").filter_map { |fd| File.readlink("/proc/self/fd/#{fd}") if fd.to_i < 600 rescue nil }.grep(/memfd|program/)
    when "name" then p File.read("/proc/self/comm"), $0
    when "compiled" then p RubyVM::InstructionSequence.load_iseq("/__invfs__/lib/set.rb").class
    when "again" then p system("/proc/self/exe", "exit"), $?.exitstatus, system("/proc/#{$$}/exe", "exit"), $?.exitstatus
    when "exit" then exit 42
    end
  RUBY

  def test_the_program_finds_no_traces
    pack_script(TRACES)
    assert_prints "nil\n[]\n\"\\n\"\n", "environment"
    preload = Dir.glob("/{lib,usr/lib}/{*-linux-gnu/,}libm.so.6").first
    assert_prints "#{preload.inspect}\n[]\n#{"#{preload}\n".inspect}\n", "environment", env: { "LD_PRELOAD" => preload }
    assert_prints "[]\n", "descriptors"
    assert_prints "\"program\\n\"\n\"/__invfs__/app/main.rb\"\n", "name"
    assert_prints "RubyVM::InstructionSequence\n", "compiled"
    assert_prints "false\n42\nfalse\n42\n", "again"
  end

  # Ruby that was built on the spot has it.
  def test_debug_information_stays_out
    pack_script(TRACES, "--method", "stored")
    contents = File.binread(path("program"))
    refute contents.include?("\0.symtab\0".b), "debug information is in it"
    assert_prints "nil\n[]\n\"\\n\"\n", "environment"
  end

  def test_it_is_damaged
    pack_script(TRACES)
    contents = File.binread(path("program"))
    at = contents.index("so/ruby") + 100_000
    contents.setbyte(at, contents.getbyte(at) ^ 1)
    File.binwrite(path("program"), contents)
    assert_failure run_file("exit"), 126, %r{program.*so/ruby}
  end
end
