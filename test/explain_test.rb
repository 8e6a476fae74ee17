# frozen_string_literal: true

# InVFS.explain agrees with require, and gives the reasons.
require_relative "test_helper"
require_relative "support/trees"
require "fileutils"
require "invfs/pack"
require "tmpdir"

class ExplainTest < Minitest::Test
  LARGE = "#" * 3_000_000

  FILES = {
    "plain.rb" => "", "deep/inner.rb" => "", "dotted.b.rb" => "", "twice.rb.rb" => "", "dir.rb/x" => "", "large.rb" => LARGE,
    "rubbish.so" => "no shared object", "both.rb" => "", "both.so" => "none", "shadowed.rb" => "", "first.rb" => "",
    "needs.rb" => "require 'needed'", "needed.rb" => "", "set.rb" => "", "later.rb" => ""
  }.freeze

  # In this order: what was loaded before makes a difference.
  NAMES = <<~'RUBY'
    ["plain", "plain", "plain.rb", "#{ROOT}/plain", "#{ROOT}/plain.rb", "deep/inner", "deep/inner.rb", "deep/../first",
     "dotted.b", "dotted.b.rb", "dotted.b", "twice.rb", "twice.rb.rb", "dir", "dir.rb", "large", "large.rb", "nothing",
     "nothing.rb", "nothing.so", "nothing.o", "no/thing", "rubbish", "rubbish.so", "both", "both.so", "shadowed", "both",
     "#{ROOT}/nothing", "#{ROOT}/later", "later", "/nonexistent/x", "./nothing", "../nothing", "~/nothing", "", "needs",
     "needed", "set", "strscan", "strscan", "strscan.so", "enumerator", "thread", "json", "minitest", "rake", "#{ROOT}",
     "#{ROOT}/dir.rb", "#{DISK}/only", "only", "#{DISK}/only.rb", "./disk/only", "disk/only", "plain.o", "x" * 300, "a\nb"]
  RUBY

  def setup
    @dir = File.realpath(Dir.mktmpdir("invfs-explain"))
    FileUtils.mkdir_p("#{@dir}/disk")
    { "shadowed.rb" => "", "only.rb" => "", "large2.rb" => LARGE }.each { |name, text| File.write("#{@dir}/disk/#{name}", text) }
  end

  def teardown = FileUtils.rm_rf(@dir)

  # Runs a program in @dir with invfs and the support loaded.
  def run_program(program, *options, handlers: true)
    invfs = ["-I#{RubyProcess::LIB}", handlers ? "-rinvfs/zip" : "-rinvfs"]
    support = %w[trees explain_agreement].map { |name| "-r#{RubyProcess::PROJECT}/test/support/#{name}.rb" }
    File.write("#{@dir}/program.rb", program)
    RubyProcess.run("-w", *options, *invfs, *support, "program.rb", chdir: @dir)
  end

  def assert_agreement(names, before = "", *options, number: nil, **more)
    outcome = run_program("#{before}\nExplainAgreement.report(#{names})", *options, **more)
    assert_match(/\A#{number || '\d+'} names, 0 problems\n\z/, outcome.stdout, outcome)
    assert_equal 0, outcome.status, outcome
  end

  def layout(kind)
    tree = Trees.lay_out(kind, "#{@dir}/main.zip", FILES)
    File.binwrite("#{@dir}/tree", Marshal.dump(tree))
    <<~RUBY
      tree = Marshal.load(File.binread("tree"))
      ROOT, DISK = tree.root, "#{@dir}/disk"
      $:.unshift("disk", Trees.entry(tree), "#{@dir}/none")
    RUBY
  end

  [Trees::CONTROL, *Trees::KINDS].each do |kind|
    define_method("test_it_agrees_with_require_#{kind}") { assert_agreement(NAMES, layout(kind), number: 57) }
  end

  # Then the whole search is Ruby's.
  def test_it_agrees_where_there_are_only_directories
    names = %w[only only.rb shadowed ./disk/only nothing strscan enumerator thread set deep/../only]
    assert_agreement(names.inspect, "$:.unshift('#{@dir}/disk')", number: 10, handlers: false)
  end

  def test_it_agrees_without_rubygems
    assert_agreement(NAMES, layout(:zip_fs), "--disable=gems", number: 57)
  end

  # What can go wrong with an entry of $:, and how it is called.
  ENTRIES = {
    "'cut.zip'" => [:error, /archive\): cannot open .*cut\.zip with InVFS::ZipFS/],
    "'cut.zip/lib'" => [:error, /archive\): cannot open/],
    "'disk/only.rb'" => [:no_archive, /no archive for any handler/],
    "'disk/only.rb/x'" => [:no_archive, /no archive for any handler/],
    "'nowhere'" => [:no_directory, /no such directory/],
    "'good.zip/none'" => [:missing, /no such file/],
    "InVFS.zip('good.zip').tap(&:close)" => [:closed, /the archive was closed/],
    "nil" => [:error, /no implicit conversion of nil into String/],
    "Object.new" => [:error, /no implicit conversion of Object into String/],
    "Class.new { def to_path = '/u'; def file?(_) = true; def size(_) = raise(IOError, 'down'); def read(_) = '' }.new" => [:error, /down/],
    "Class.new { def to_path = '/u'; def file?(_) = true; def size(_) = 'x'; def read(_) = '' }.new" => [:error, /size answered "x"/],
    "Pathname('good.zip')" => [:found, /good\.zip \(archive\): found/],
    "InVFS.union('disk', InVFS.zip('good.zip'))" => [:found, /UnionFS\): found/],
    "InVFS.stringmap({ 'it.rb' => '#' * 3_000_000 })" => [:too_large, /too large: 3000000 bytes, more than the limit of 2097152/],
    "InVFS.stringmap({ 'it.rb/x' => '' })" => [:directory, /a directory, not a file/]
  }.freeze

  def good_archive
    ZipBuilder.write("#{@dir}/good.zip", { "it.rb" => "", "lib/it.rb" => "" })
    File.binwrite("#{@dir}/cut.zip", File.binread("#{@dir}/good.zip").sub("PK\x01\x02".b, "PK\x01\x09".b))
  end

  ENTRIES.each_with_index do |(entry, (outcome, text)), at|
    define_method("test_entry_#{at}_#{outcome}") do
      good_archive
      # Nothing can be loaded any more where $: itself is wrong, so everything is loaded before.
      before = "require 'pathname'; InVFS.explain('no such'); $:.unshift(#{entry})"
      assert_agreement('["it"]', before, number: 1)
      shown = run_program("#{before}\nsaid = InVFS.explain('it')\np said.steps.map(&:outcome)\nputs said").stdout
      assert_includes shown.lines.first, ":#{outcome}"
      assert_match text, shown
    end
  end

  def test_a_file_without_a_handler
    good_archive
    assert_agreement('["it"]', "$:.unshift('good.zip')", number: 1, handlers: false)
    assert_match(/no handler for files: require "invfs.zip"/, run_program("$:.unshift('good.zip'); puts InVFS.explain('it')", handlers: false).stdout)
  end

  def test_features_that_were_provided_or_forgotten
    good_archive
    assert_agreement('["it", "it", "ghost", "ghost.rb", "half"]', <<~RUBY, number: 5)
      $:.unshift("good.zip")
      $" << "ghost.rb" << "half"
    RUBY
    assert_agreement('["it"].each { |_| require "it"; $".delete_if { |path| path.end_with?("/it.rb") } }', "$:.unshift('good.zip')", number: 1)
  end

  def test_an_archive_that_appears_or_is_replaced
    good_archive
    assert_agreement('["it", "other"]', <<~RUBY, number: 2)
      $:.unshift("late.zip")
      InVFS.explain("it").verdict == :missing or abort
      File.rename("good.zip", "late.zip")
    RUBY
  end

  def explain(name, before) = run_program("#{before}\nputs InVFS.explain(#{name.inspect})").stdout.gsub(@dir, "DIR")

  def test_the_text
    good_archive
    FileUtils.rm_rf("#{@dir}/disk")
    text = explain("it", '$:.replace(["nowhere", "good.zip/lib"])')
    assert_equal <<~TEXT, text.gsub(/"ruby .*/, "")
      require "it"
        $": nothing there provides it
        it.rb in $:[0] DIR/nowhere (not there): no such directory
        it.rb in $:[1] DIR/good.zip/lib (directory of an archive): found, 0 bytes
        loader: Ruby's own, as for a file on disk
        compiled code: not used: there is none in DIR/good.zip; invfs compile adds it
      => would load DIR/good.zip/lib/it.rb
    TEXT
    text = explain("it", 'InVFS.transparent = false; $:.replace(["good.zip/lib"])')
    assert_includes text, "  loader: that of invfs: transparent mode is off\n"
    text = explain("it", '$:.replace(["good.zip"]); require "it"')
    assert_match(%r{\Arequire "it"\n  \$"\[\d+\] DIR/good\.zip/it\.rb: provides it: loaded already, from #<InVFS::ZipFS .*> at DIR/good\.zip\n=> is loaded already: require would return false\n\z}, text)
  end

  def test_compiled_code
    FileUtils.mkdir_p("#{@dir}/app")
    File.write("#{@dir}/app/it.rb", "1")
    InVFS.pack("#{@dir}/app", "#{@dir}/app.zip", compile: true)
    key = Regexp.escape(InVFS::CompiledCode.key)
    assert_match(/compiled code: used: the form for #{key}$/, explain("it", '$:.unshift("app.zip")'))
    assert_match(/not used: Coverage is set up/, explain("it", 'require "coverage"; Coverage.start; $:.unshift("app.zip")'))
    other = InVFS::CompiledCode.build("2")
    ZipBuilder.write("#{@dir}/app.zip", { "lib/it.rb" => "1", InVFS::CompiledCode.entry_name("lib/it.rb") => other })
    assert_match(/not used: the form for this Ruby is of another source/, explain("it", '$:.unshift(InVFS.zip("app.zip").sub("lib"))'))
    ZipBuilder.write("#{@dir}/app.zip", { "it.rb" => "1", ".invfs/9.9-x/it.rb.iseq" => other })
    ['"none", InVFS.zip("app.zip")', '{ "x.rb" => "" }, "app.zip"'].each do |layers|
      assert_match(/not used: no form for this Ruby, #{key}; there is one for 9\.9-x$/, explain("it", "$:.unshift(InVFS.union(#{layers}))"))
    end
    assert_match(/not used: only archives hold it$/, explain("it", '$:.unshift(InVFS.union({ "it.rb" => "" }, "app.zip"))'))
  end

  def test_nothing_is_loaded_and_nothing_changes
    good_archive
    program = <<~RUBY
      $:.unshift("good.zip")
      # The first time loads what explains.
      ["it", "minitest"].each { |name| InVFS.explain(name) }
      before = [$".dup, $:.dup]
      ["it", "minitest"].each { |name| InVFS.explain(name) }
      p before == [$".dup, $:.dup]
    RUBY
    assert_equal "true\n", run_program(program).stdout
  end

  def test_the_object
    said = InVFS.explain("no such feature")
    assert_equal ["no such feature", :missing, nil, nil, false], [said.feature, said.verdict, said.path, said.error, said.found?]
    assert_includes said.inspect, "missing"
    assert_predicate said.steps, :frozen?
    said.steps.each { |step| assert_includes said.to_s, step.to_s }
    assert_raises(TypeError) { InVFS.explain(nil) }
    assert_raises(ArgumentError) { InVFS.explain("a\0b") }
    assert_equal true, InVFS.explain("minitest/autorun").found?
  end

  # What a name holds must not reach the terminal.
  def test_control_characters_are_shown
    text = InVFS.explain("a\e[31m\n\xFF".b).to_s
    refute_match(/[\e\xFF]/n, text.b)
    assert_equal text.lines.size, text.scan(/^(require| |=>)/).size
  end
end
