# frozen_string_literal: true

# Ruby's own loader loads what is in `$:`: what passes `load_iseq`, what fails on the way, which methods are called and
# how often.
require_relative "support"
require_relative "../support/native_build"

class AdoptingLoadingTest < Minitest::Test
  include AdoptingSupport

  # A thread that waited for another's load skips the first, probing open: it reads the first file that it opens.
  def test_a_thread_that_waits_for_one_that_is_killed_runs_the_file
    archive("a.zip", { "slow.rb" => "$ran << 1\nif $ran.size == 1\n  $inside << 1\n  sleep\nend\nSLOW = $ran.size" })
    others = { "" => "", "another load_iseq in front" => "RubyVM::InstructionSequence.singleton_class.prepend(Module.new { def load_iseq(_) = nil })" }
    others.each_value do |other|
      assert_right <<~RUBY
        $: << "\#{DIR}/a.zip"
        #{other}
        $ran, $inside = [], Queue.new
        loading = Thread.new { require "slow" }
        $inside.pop
        waiting = Thread.new { require "slow" }
        Thread.pass until waiting.stop?
        loading.kill
        same([true, 2]) { [waiting.value, SLOW] }
      RUBY
    end
  end

  def test_ours_comes_first_again_when_another_load_iseq_came_later
    archive("a.zip", { "large.rb" => "##{"x" * 3_000_000}", "small.rb" => "SMALL = 1" })
    assert_right <<~'RUBY'
      $: << "#{DIR}/a.zip"
      seen = []
      RubyVM::InstructionSequence.singleton_class.prepend(Module.new { define_method(:load_iseq) { |path| seen << path; nil } })
      same(true) { require "small" }
      same(["#{DIR}/a.zip/small.rb"]) { seen }
      same(LoadError) { load "#{DIR}/a.zip/large.rb" }
    RUBY
  end

  # As themselves, not as a LoadError that only says Input/output error.
  def test_what_goes_wrong_in_the_vfs_arrives
    File.binwrite("#{@dir}/bad.zip", ZipBuilder.build { |zip| zip.add("bad.rb", "BAD = 1", lie: { crc: 1 }) })
    assert_right <<~'RUBY'
      class Own
        def initialize(&read) = @read = read
        def to_path = "/own#{object_id}"
        def file?(name) = name == "own.rb"
        def size(_) = 1
        def read(_) = @read.call
      end
      $: << "#{DIR}/bad.zip"
      same(InVFS::CorruptEntryError) { require "bad" }
      $:.unshift(Own.new { raise IOError, "disk on fire" })
      same(["disk on fire"] * 3) do
        [-> { require "own" }, -> { load "own.rb" }, -> { load "#{$:.first.to_path}/own.rb" }].map do |way|
          way.call
        rescue IOError => e
          e.message
        end
      end
      $:[0] = Own.new { throw :out, 1 }
      same(1) { catch(:out) { require "own" } }
      $:[0] = Own.new { "def" }
      same(SyntaxError) { require "own" }
      asked = 0
      $:[0] = Own.new { asked += 1; "OWN = 1" }
      same([true, 1, 1]) { [require("own"), OWN, asked] }
    RUBY
  end

  def test_an_argument_is_converted_once
    assert_right <<~'RUBY'
      class Asked
        attr_reader :asked
        def initialize(path) = (@path, @asked = path, 0)
        def to_path = (@asked += 1; @path)
      end
      File.write("real.rb", "")
      ["", "$: << InVFS.stringmap({ 'virtual.rb' => '' }, to_path: '/box')"].each do |with|
        eval(with)
        (["#{DIR}/real.rb"] + (with.empty? ? [] : ["/box/virtual.rb", "virtual.rb"])).each do |path|
          ways = { require: -> (it) { require it }, load: -> (it) { load it }, resolve: -> (it) { $:.resolve_feature_path(it) },
                   autoload: -> (it) { Object.autoload(:"A#{rand(1 << 60)}", it) } }
          ways[:require_relative] = -> (it) { require_relative it } if path.start_with?("/")
          ways.each { |name, way| same([name, 1]) { [name, Asked.new(path).tap(&way).asked] } }
        end
      end
    RUBY
  end

  # A search that misses raises nothing inside, and what is raised is seen once.
  def test_exceptions_are_seen_as_without_invfs
    program = <<~'RUBY'
      seen = []
      TracePoint.new(:raise) { |event| seen << event.raised_exception.class }.enable do
        require "tempfile"
        [-> { require "no/such/thing" }, -> { load "no_such_thing.rb" }, -> { require_relative "nothing" }].each do |way|
          way.call
        rescue LoadError
          seen << :rescued
        end
      end
      p seen
    RUBY
    File.write("#{@dir}/seen.rb", program)
    plain = RubyProcess.run("seen.rb", chdir: @dir)
    File.write("#{@dir}/with.rb", <<~'RUBY')
      box = InVFS.stringmap({ "zz.rb" => "", "lib/q.rb" => "" })
      $:.unshift(box.sub("lib"), box, InVFS.union(Dir.pwd))
      load "seen.rb"
    RUBY
    assert_equal plain.stdout, RubyProcess.run(*RubyProcess::INVFS, "with.rb", chdir: @dir).stdout
    %w[Gem Monitor RbConfig].each do |constant|
      quiet = RubyProcess.run("--disable-gems", *RubyProcess::INVFS, "-e", <<~RUBY, chdir: @dir)
        Object.send(:remove_const, :#{constant}) if Object.const_defined?(:#{constant})
        class #{constant}; end
        load "with.rb"
      RUBY
      assert_match(/LoadError, :rescued/, quiet.stdout, quiet.to_s) unless constant == "RbConfig"
    end
  end

  # One frame of invfs at most, for files on disk; none for what is virtual.
  def test_frames
    files = { "one.rb" => "FRAMES << caller.size\nrequire_relative 'two'", "two.rb" => "FRAMES << caller.size" }
    files.each { |name, text| File.write("#{@dir}/#{name}", text) }
    archive("a.zip", files)
    program = ["--disable-gems", "-e", "FRAMES = []\n$:.unshift(ARGV[0])\nrequire 'one'\nload \"\#{ARGV[0]}/two.rb\"\np FRAMES"]
    plain, disk, zip = [[], @dir], [RubyProcess::INVFS, @dir], [RubyProcess::INVFS, "#{@dir}/a.zip"]
    shown = [plain, disk, zip].map { |invfs, entry| RubyProcess.run(*invfs, *program, entry).stdout }
    assert_equal [shown.first] * 3, shown
  end

  def test_code_in_c_finds_what_ruby_finds
    skip NativeBuild.unavailable if NativeBuild.unavailable
    native = NativeBuild.extension("asks", calls: <<~C)
      rb_require("asks/part");
      rb_f_require(rb_mKernel, rb_str_new_cstr("asks/other"));
      rb_load(rb_str_new_cstr("asks/loaded.rb"), 0);
    C
    files = { "asks.#{NativeBuild::DLEXT}" => native, "asks/part.rb" => "$got << __FILE__", "asks/other.rb" => "$got << __FILE__",
              "asks/loaded.rb" => "$got << __FILE__", "asks/large.rb" => "#" * 3_000_000 }
    archive("a.zip", files)
    program = <<~'RUBY'
      $got = []
      $stdout = File.open(File::NULL, "w")
      same(true) { require "asks" }
      $stdout = STDOUT
      same(%w[part other loaded].map { |name| "#{$:.first}/asks/#{name}.rb" }) { $got }
    RUBY
    assert_right "$:.unshift(\"\#{DIR}/a.zip\")\n#{program}"
    assert_right "$:.unshift(InVFS.zip('a.zip'))\ndef ($:.first).to_s = \"\#{DIR}/a.zip\"\n#{program}"
  end

  # The limit is no matter of who asks.
  def test_what_is_too_large_is_refused_by_every_way
    archive("a.zip", { "large.rb" => "#" * 3_000_000, "link.rb" => "" })
    File.symlink("a.zip", "#{@dir}/link.zip")
    assert_right <<~'RUBY'
      $: << "#{DIR}/a.zip"
      ways = [-> { require "large" }, -> { require "large.rb" }, -> { load "large.rb" }, -> { require "#{DIR}/a.zip/large" },
              -> { load "#{DIR}/a.zip/large.rb" }, -> { require_relative "a.zip/large" }]
      ways.each do |way|
        way.call
        abort "loaded"
      rescue LoadError => e
        same(1) { e.message.scan(/3000000 bytes, more than the limit of 2097152; set RUBY_REQUIRE_INVFS_MAX_LOADSIZE/).size }
      end
    RUBY
  end

  # A mount that covers invfs itself.
  def test_what_invfs_needs_itself_may_be_hidden
    FileUtils.cp_r(RubyProcess::LIB, "#{@dir}/vendor")
    program = <<~'RUBY'
      $:.unshift("#{DIR}/vendor")
      require "invfs"
      InVFS.mount(DIR, InVFS.stringmap({ "x" => "virtual" }))
      InVFS.mount("/own", proc { |operation, *| "block" if operation == :read })
      same(%w[virtual block]) { [read("#{DIR}/x"), read("/own/x")] }
      same("virtual") { InVFS.unmount(DIR); InVFS.mount(DIR, InVFS.stringmap({ "x" => "virtual" })); read(InVFS.extract("#{DIR}/x")) }
      same(:missing) { InVFS.explain("no such").verdict }
      InVFS.mount("/usr/lib/ruby", InVFS.stringmap({ "nothing" => "" }))
      require "invfs/pack"
      same(true) { defined?(InVFS::Pack) == "constant" }
    RUBY
    File.write("#{@dir}/program.rb", "#{PRELUDE}#{program}\nputs :right\n")
    outcome = RubyProcess.run("program.rb", chdir: @dir, env: { "INVFS_CACHE" => "#{@dir}/../#{File.basename(@dir)}-cache" })
    assert_equal ["right\n", 0], [outcome.stdout, outcome.status], outcome.to_s
  ensure
    FileUtils.rm_rf("#{@dir}-cache")
  end

  def test_a_second_copy_refuses_mounts
    FileUtils.cp_r(RubyProcess::LIB, "#{@dir}/second")
    assert_right <<~'RUBY', handler: false
      require "invfs"
      InVFS.mount("/x", InVFS.stringmap({ "a" => "1" }))
      Object.send(:remove_const, :InVFS)
      $".reject! { |path| path.include?("invfs") }
      load "second/invfs.rb"
      begin
        InVFS.mount("/y", InVFS.stringmap({}))
      rescue InVFS::MountUnsupported => e
        same(true) { e.message.start_with?("another copy of invfs has mounts in this process: ") }
      end
      same([false, "1"]) { [InVFS.transparent?, read("/x/a")] }
    RUBY
  end
end
