# frozen_string_literal: true

# Compiled code in archives: what is compiled, kept and dropped.
require_relative "cli_helper"

class CompileTest < Minitest::Test
  include CLIHelper

  KEY = InVFS::CompiledCode.key

  def form(name, key = KEY) = ".invfs/#{key}/#{name}.iseq"

  def compile(**options) = InVFS::Pack.compile(path("app.zip"), **options)

  # An archive that another program wrote.
  def foreign(files) = ZipBuilder.write(path("app.zip"), files)

  # Compiled code as another Ruby might have left it: only what surrounds the code can be known here.
  def form_of_another_ruby(source) = InVFS::CompiledCode.build(source)

  def test_pack_compiles_every_ruby_file_and_nothing_else
    summary = pack({ "a.rb" => "A = 1", "lib/größe.rb" => "B = 1", "exe/run" => "C = 1", "d.rbx" => "", "e.rb.erb" => "", "empty.rb" => "",
                     "link.rb" => :"a.rb", "dir.rb/x" => "" }, compile: true)
    sources = %w[a.rb empty.rb lib/größe.rb]
    assert_equal(sources, summary.compiled.map { |name| name.dup.force_encoding("UTF-8") })
    assert_equal sources.map { |name| form(name) }, names.grep(/\A\.invfs/)
    sources.each do |name|
      assert_nil InVFS::CompiledCode.check(contents[form(name)], contents[name]), name
    end
    assert_equal 8, summary.files
  end

  def test_what_cannot_be_compiled_is_named
    summary = pack({ "bad.rb" => "def (", "bytes.rb" => "\xFF\xFE = 1", "good.rb" => "1" }, compile: true)
    assert_equal [%w[good.rb], %w[bad.rb bytes.rb]], [summary.compiled, summary.not_compiled.keys]
    assert_match(/syntax error|unexpected/, summary.not_compiled["bad.rb"])
    assert_equal [form("good.rb")], names.grep(/\A\.invfs/)
  end

  def test_compiled_code_is_compressed_like_its_source
    write({ "a.rb" => "x = 'text'\n" * 500, "b.so" => "x" * 500 })
    { {} => %w[deflate deflate stored], { method: "deflate" } => %w[deflate deflate deflate],
      { method: "stored" } => %w[stored stored stored], { method: "zstd" } => %w[zstd zstd zstd] }.each do |options, methods|
      pack(compile: true, **options)
      assert_equal methods, ["a.rb", form("a.rb"), "b.so"].map { |name| entry(name).compression }
      compile
      assert_equal [methods[0], "deflate"], [entry("a.rb").compression, entry(form("a.rb")).compression]
      compile(method: "zstd", level: 1)
      assert_equal [methods[0], "zstd"], [entry("a.rb").compression, entry(form("a.rb")).compression]
    end
  end

  def test_require_takes_it
    pack({ "lib/a.rb" => "FROM = __FILE__", "main.rb" => "require 'a'; p FROM, RubyVM::InstructionSequence.of(proc {}).path" }, compile: true)
    code = "def (RubyVM::InstructionSequence).compile(*) = abort('compiled'); ARGV.replace(%w[run app.zip]); load '#{EXE}'"
    outcome = RubyProcess.run("-e", code, chdir: @dir)
    assert_equal "#{path("app.zip/lib/a.rb").inspect}\n#{path("app.zip/main.rb").inspect}\n", outcome.stdout, outcome
  end

  # What a copy would make readable.
  CONTRADICTIONS = {
    "name" => [{ local: { name: "evil" } }, InVFS::MalformedArchiveError, /differ about the name/],
    "crc" => [{ local: { crc: 1 } }, InVFS::MalformedArchiveError, /differ about the CRC-32/],
    "size" => [{ local: { size: 3 } }, InVFS::MalformedArchiveError, /differ about the size/],
    "method" => [{ local: { method: 8 } }, InVFS::MalformedArchiveError, /differ about the method/],
    "stored" => [{ lie: { size: 3 } }, InVFS::MalformedArchiveError, /3 bytes take 8/]
  }.freeze

  CONTRADICTIONS.each do |name, (lie, error_class, message)|
    define_method("test_an_entry_whose_#{name}_verify_refuses_is_refused") do
      assert_not_compiled(error_class, message, name) { |zip| zip.add(name, "contents", **lie) }
    end
  end

  def test_an_archive_with_refused_names_is_refused
    assert_not_compiled(InVFS::UnsafeNameError, /backslash/, "lib\\x") { |zip| zip.add("lib\\x", "x") }
  end

  # The archive that the block adds to stays what it is.
  def assert_not_compiled(error_class, message, entry)
    bytes = ZipBuilder.build do |zip|
      zip.add("good.rb", "p 1")
      yield zip
    end
    File.binwrite(path("app.zip"), bytes)
    refute_predicate InVFS::Pack.check(path("app.zip")), :good?
    error = assert_raises(error_class) { compile }
    assert_match message, error.message
    assert_equal [path("app.zip"), entry], [error.archive, error.entry]
    assert_equal bytes, File.binread(path("app.zip"))
    assert_equal %w[app.zip], Dir.children(@dir).grep(/zip|invfs/)
  end

  def test_compile_adds_to_an_archive_of_another_program
    foreign("a.rb" => "A = 1", "b.txt" => "text", "dir/" => "")
    result = compile
    assert_equal [%w[a.rb], {}, 0, 0], [result.compiled, result.not_compiled, result.kept, result.dropped]
    assert_equal ["a.rb", "b.txt", form("a.rb")], names
    assert InVFS.zip(path("app.zip")).directory?("dir")
    assert_equal entry("a.rb").mtime, entry(form("a.rb")).mtime
    assert_predicate InVFS::Pack.check(path("app.zip")), :good?
  end

  def test_compile_again_changes_nothing
    foreign("a.rb" => "A = 1", "b.txt" => "text")
    compile
    before = File.binread(path("app.zip"))
    compile
    assert_equal before, File.binread(path("app.zip"))
  end

  def test_forms_for_other_rubies_are_kept_while_their_source_is_the_same
    old, new = "A = 1", "A = 2"
    foreign("a.rb" => old, "b.rb" => new, form("a.rb", "9.9") => form_of_another_ruby(old),
            form("b.rb", "9.9") => form_of_another_ruby(old), form("gone.rb", "0.1") => form_of_another_ruby(old),
            form("a.rb", "0.1") => form_of_another_ruby(old), form("b.rb") => form_of_another_ruby(old))
    result = compile
    assert_equal [2, 2], [result.kept, result.dropped]
    assert_equal ["a.rb", "b.rb", form("a.rb", "0.1"), form("a.rb"), form("b.rb"), form("a.rb", "9.9")], names
    assert_nil InVFS::CompiledCode.check(contents[form("b.rb")], new)
    assert_predicate InVFS::Pack.check(path("app.zip")), :good?
  end

  def test_what_is_no_compiled_code_is_dropped
    source = "A = 1"
    good = form_of_another_ruby(source)
    foreign("a.rb" => source, form("a.rb", "1") => "", form("a.rb", "2") => "x" * 100, form("a.rb", "3") => good[1..],
            form("a.rb", "4") => good[..-2], ".invfs/other" => "stays", ".invfs/5/a.rb" => "stays")
    assert_equal [0, 4], compile.then { |result| [result.kept, result.dropped] }
    assert_equal ["a.rb", ".invfs/other", ".invfs/5/a.rb", form("a.rb")], names
  end

  def test_the_order_of_the_rubies_does_not_matter
    write({ "a.rb" => "A = 1" })
    source = "A = 1"
    first, second = [["0", "9"], ["9", "0"]].map do |keys|
      foreign("a.rb" => source, **keys.to_h { |key| [form("a.rb", key), form_of_another_ruby(source)] })
      compile
      File.binread(path("app.zip"))
    end
    assert_equal first, second
  end

  def test_a_source_that_cannot_be_compiled_any_more_loses_its_form
    foreign("a.rb" => "def (", form("a.rb") => form_of_another_ruby("A = 1"))
    result = compile
    assert_equal [[], %w[a.rb]], [result.compiled, result.not_compiled.keys]
    assert_equal %w[a.rb], names
  end

  def test_a_program_before_the_archive_stays
    script = "#!/usr/bin/env -S invfs run\n"
    File.binwrite(path("app.zip"), ZipBuilder.build(prefix: script, comment: "a comment") { |zip| zip.add("main.rb", "p 1") })
    compile
    bytes = File.binread(path("app.zip"))
    assert bytes.start_with?("#{script}PK")
    assert bytes.end_with?("a comment")
    assert_equal ["main.rb", form("main.rb")], names
    assert_success invfs("run", "app.zip"), "1\n"
  end

  def test_archives_that_are_refused
    { "encrypted" => { lie: { flags: 1 } }, "method" => { lie: { method: 14 } } }.each do |word, lie|
      File.binwrite(path("app.zip"), ZipBuilder.build { |zip| zip.add("a.txt", "x", **lie) })
      before = File.binread(path("app.zip"))
      assert_failure invfs("compile", "app.zip"), 1, /a\.txt.*#{word}/
      assert_equal before, File.binread(path("app.zip"))
    end
    File.write(path("app.zip"), "no archive")
    assert_failure invfs("compile", "app.zip"), 1, /app\.zip/
  end

  def test_a_damaged_source_is_an_error
    bytes = ZipBuilder.build { |zip| zip.add("a.rb", "A = 1", lie: { crc: 1 }) }
    File.binwrite(path("app.zip"), bytes)
    assert_failure invfs("compile", "app.zip"), 1, /a\.rb.*CRC/
    assert_equal bytes, File.binread(path("app.zip"))
  end

  def test_what_the_command_says
    pack({ "a.rb" => "A = 1", "bad.rb" => "def", "c.txt" => "" })
    assert_success invfs("compile", "app.zip", "--list"), /\Aa\.rb\nnot compiled: bad\.rb: .*\napp\.zip: 1 file compiled for #{Regexp.escape(KEY)}; not compiled: 1\n\z/
    assert_success invfs("compile", "app.zip", "-q"), ""
    foreign("a.rb" => "A = 1", form("a.rb", "1") => form_of_another_ruby("A = 1"), form("a.rb", "2") => "x")
    assert_success invfs("compile", "app.zip"), /kept for other Rubies: 1; dropped, as their source changed: 1\n\z/
  end

  # Another process compiles, so that it always gives the same; but only where that is the same Ruby.
  class Elsewhere < Minitest::Test
    Compiler = InVFS::Pack.const_get(:Compiler)

    def test_the_same_as_here
      built = Compiler.open { |compiler| %w[1 p(2) def].map { |source| compiler.build(source) { |reason| reason } } }
      assert_nil InVFS::CompiledCode.check(built[0], "1")
      assert_nil InVFS::CompiledCode.check(built[1], "p(2)")
      assert_nil built[2]
    end

    def test_without_another_process
      reasons = []
      built = Compiler.open("/no/such/ruby") do |compiler|
        ["1", "def"].map { |source| compiler.build(source) { |reason| reasons << reason } }
      end
      assert_equal [InVFS::CompiledCode.build("1"), nil], built
      assert_equal 1, reasons.size
    end

    def test_where_it_would_be_another_ruby
      assert_equal InVFS::CompiledCode.build("1"), Compiler.open("/bin/cat") { |compiler| compiler.build("1") }
    end

    def test_a_process_that_dies
      Compiler.open do |compiler|
        assert compiler.build("1")
        process = compiler.instance_variable_get(:@process)
        Process.kill(:KILL, process.pid)
        reason = nil
        assert_nil(compiler.build("2") { |why| reason = why })
        assert_match(/crashes/, reason)
        assert compiler.build("3"), "another process takes over"
      end
    end
  end
end
