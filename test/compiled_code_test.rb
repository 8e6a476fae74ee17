# frozen_string_literal: true

# Compiled code in an archive: used for exactly this Ruby and this source, correct wherever the archive lies.
require_relative "test_helper"
require "tmpdir"

class CompiledCodeTest < Minitest::Test
  # Tells which form runs: on request, Ruby keeps the lines of each source that it compiles; since 3.3 those of files
  # and those of Strings in different places.
  LABEL = "puts SCRIPT_LINES__[__FILE__] || RubyVM::InstructionSequence.of(proc {}).script_lines ? 'source' : 'compiled'\n"
  COMPILED = "compiled\n"
  SOURCE = "source\n"
  KEEP = "RubyVM.keep_script_lines = true\nSCRIPT_LINES__ = {}\n"

  FILES = {
    "main.rb" => <<~'RUBY',
      # frozen_string_literal: true
      puts __FILE__, __dir__, "#{__FILE__}:#{__LINE__}", "in #{__FILE__} and on"
      puts caller_locations(0, 1)[0].then { |it| [it.path, it.absolute_path, it.lineno, it.label].inspect }
      1.times { puts caller_locations(0, 1)[0].label }
      p require_relative("lib/other"), require_relative("lib/other")
      p Other.instance_method(:where).source_location, Other.new.where, Other.new.block.source_location, "x".frozen?
      begin
        Other.new.fail
      rescue RuntimeError => e
        puts e.backtrace.first(2)
      end
      case __FILE__ when __FILE__ then puts "the same" end
      p({ __FILE__ => 1 }, %W[#{__FILE__}], :"größe", "größe", 1.5, 2**70, 1..3, /a#{1 + 1}b/ix, 3r, 4i)
    RUBY
    "lib/other.rb" => <<~'RUBY'
      class Other
        def where = [__FILE__, __method__, __dir__]
        def block = proc { |x, y = 1, *z, k: 2, **r, &b| [x, y, z, k, r, b] }
        def fail = raise("no")
      end
    RUBY
  }.freeze

  def setup
    @dir = File.realpath(Dir.mktmpdir("invfs-compiled"))
  end

  def teardown
    FileUtils.rm_rf(@dir)
  end

  # Writes an archive of `files` with compiled code, which `change` may change.
  def archive(name, files, key: InVFS::CompiledCode.key, **options)
    path = "#{@dir}/#{name}"
    FileUtils.mkdir_p(File.dirname(path))
    bytes = ZipBuilder.build do |zip|
      files.each do |file, source|
        zip.add(file, source)
        entry = InVFS::CompiledCode.build(source) or next
        entry = yield(entry) if block_given?
        zip.add(InVFS::CompiledCode.entry_name(file, key), entry, **options)
      end
    end
    File.binwrite(path, bytes)
    path
  end

  # What the program prints with the archive in `$:`, the same with mounts and without; it must end well.
  def run_with(archive, program = "require 'main'", *arguments, plain: false)
    invfs = plain ? [] : RubyProcess::INVFS
    ways = plain ? %w[1] : %w[1 0]
    printed = ways.map do |transparent|
      outcome = RubyProcess.run(*RubyProcess.without_decorators, *invfs, *arguments, "-e",
                                "#{KEEP}$:.unshift(ARGV[0])\n#{program}", archive,
                                env: { "RUBY_INVFS_TRANSPARENT" => transparent })
      assert_equal 0, outcome.status, outcome.to_s
      outcome.stdout
    end
    assert_equal printed.first, printed.last
    printed.first
  end

  def test_everything_that_names_the_file_is_as_on_disk
    disk = "#{@dir}/disk"
    FILES.each do |name, source|
      FileUtils.mkdir_p(File.dirname("#{disk}/#{name}"))
      File.write("#{disk}/#{name}", source)
    end
    zip = archive("app.zip", FILES)
    assert_equal run_with(disk, plain: true).gsub(disk, "<root>"), run_with(zip).gsub(zip, "<root>")
  end

  def test_a_moved_archive_has_its_new_path_everywhere
    zip = archive("app.zip", FILES)
    before = run_with(zip).gsub(zip, "<root>")
    ["b.zip", "a much longer name, with größe and blanks.zip", "deep/down/c"].each do |name|
      moved = "#{@dir}/#{name}"
      FileUtils.mkdir_p(File.dirname(moved))
      FileUtils.cp(zip, moved)
      assert_equal before, run_with(moved).gsub(moved, "<root>"), name
    end
  end

  def test_the_compiled_form_runs
    assert_equal COMPILED, run_with(archive("a.zip", { "main.rb" => LABEL }))
    assert_equal COMPILED, run_with(archive("b.zip", { "main.rb" => LABEL }), "load 'main.rb'")
    assert_equal COMPILED, run_with(archive("c.zip", { "main.rb" => LABEL }), "load 'main.rb', true")
    assert_equal COMPILED, run_with("#{archive("d.zip", { "lib/main.rb" => LABEL })}/lib")
  end

  def test_a_form_for_another_ruby_is_not_taken
    ["3.0.0p0-x86_64-linux-00000000", InVFS::CompiledCode.key.succ].each do |key|
      assert_equal SOURCE, run_with(archive("a.zip", { "main.rb" => LABEL }, key: key)), key
    end
  end

  def test_other_compile_options_are_another_ruby
    zip = archive("a.zip", { "main.rb" => "#{LABEL}p 'x'.frozen?" })
    assert_equal "#{SOURCE}true\n", run_with(zip, "require 'main'", "--enable=frozen-string-literal")
    set = "RubyVM::InstructionSequence.compile_option = { frozen_string_literal: true }; require 'main'"
    assert_equal "#{SOURCE}true\n", run_with(zip, set)
    late = "InVFS.compiled_key; #{set}"
    assert_equal "#{SOURCE}true\n", run_with(zip, late)
  end

  def test_a_form_of_another_source_is_not_taken
    other = InVFS::CompiledCode.build("puts :other")
    assert_equal SOURCE, run_with(archive("a.zip", { "main.rb" => LABEL }) { other })
  end

  def test_a_damaged_form_is_not_taken
    zip = archive("a.zip", { "main.rb" => LABEL }, lie: { crc: 1 })
    assert_equal SOURCE, run_with(zip)
  end

  def test_a_form_that_is_cut_off_or_is_something_else_is_not_taken
    size = InVFS::CompiledCode.build(LABEL).bytesize
    [0, 1, 20, size / 2, size - 1].each do |length|
      assert_equal SOURCE, run_with(archive("a.zip", { "main.rb" => LABEL }) { |entry| entry[0, length] }), length.to_s
    end
    assert_equal SOURCE, run_with(archive("a.zip", { "main.rb" => LABEL }) { "puts 1" })
  end

  def test_only_archives_hold_compiled_code
    name = InVFS::CompiledCode.entry_name("main.rb")
    form = InVFS::CompiledCode.build(LABEL)
    FileUtils.mkdir_p(File.dirname("#{@dir}/d/#{name}"))
    File.write("#{@dir}/d/main.rb", LABEL)
    File.binwrite("#{@dir}/d/#{name}", form)
    assert_equal SOURCE, run_with("#{@dir}/d", "$:[0] = InVFS.union($:[0])\nrequire 'main'")
    hash = "d = $:[0]\n$:[0] = InVFS.stringmap(#{["main.rb", name].inspect}.to_h { |n| [n, File.binread(d + '/' + n)] })"
    assert_equal SOURCE, run_with("#{@dir}/d", "#{hash}\nrequire 'main'")
  end

  def test_in_a_union_the_form_belongs_to_the_layer_of_the_source
    zip = archive("a.zip", { "main.rb" => LABEL })
    assert_equal COMPILED, run_with(zip, "$:[0] = InVFS.union(InVFS.zip($:[0]))\nrequire 'main'")
    FileUtils.mkdir_p("#{@dir}/over")
    File.write("#{@dir}/over/main.rb", "puts :over")
    over = "$:[0] = InVFS.union(#{"#{@dir}/over".inspect}, InVFS.zip($:[0]))\nrequire 'main'"
    assert_equal "over\n", run_with(zip, over)
  end

  def test_with_coverage_the_source_is_compiled
    zip = archive("a.zip", { "main.rb" => LABEL })
    assert_equal SOURCE, run_with(zip, "require 'coverage'; Coverage.start; require 'main'")
    # Not running yet, but what is loaded now is to be counted.
    assert_equal SOURCE, run_with(zip, "require 'coverage'; Coverage.setup; require 'main'")
    # An application may call something else so.
    assert_equal COMPILED, run_with(zip, "class Coverage; end; require 'main'")
    assert_equal COMPILED, run_with(zip, "Coverage = Module.new; require 'main'")
  end

  def test_what_cannot_be_compiled_has_no_form_but_a_reason
    { "syntax" => "def", "encoding" => "# encoding: no-such\n", "placeholder" => "p '#{placeholder}'" }.each do |why, source|
      reason = nil
      assert_nil InVFS::CompiledCode.build(source) { |text| reason = text }, why
      refute_empty reason.to_s, why
    end
  end

  def test_source_in_all_shapes_is_compiled
    ["", "\n", "# only a comment", "__FILE__", "p __LINE__\n__END__\nrest", "#!/usr/bin/ruby\np 1", "\uFEFFp 1",
     "# encoding: euc-jp\np __FILE__, 'x'", "a = 1\r\nb = 2\r\n", "BEGIN { p __FILE__ }", "p '<compiled>'",
     "def a(...) = b(...)", "case [1]\nin [Integer => x] then p x\nend", "x = *1..3; p(->(a, b = a) { [a, b] })"].each do |source|
      entry = InVFS::CompiledCode.build(source)
      assert entry, source
      assert_nil InVFS::CompiledCode.check(entry, source), source
      assert InVFS::CompiledCode.check(entry, "#{source} "), source
    end
  end

  def test_the_key_names_this_ruby
    assert_match(/\A#{Regexp.escape(RUBY_VERSION)}p\d+-#{Regexp.escape(RUBY_PLATFORM)}-\h{8}\z/, InVFS::CompiledCode.key)
    assert_equal InVFS::CompiledCode.key, InVFS.compiled_key
  end

  private

  def placeholder
    InVFS::CompiledCode.const_get(:PLACEHOLDER)
  end
end
