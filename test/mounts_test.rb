# frozen_string_literal: true

# InVFS.mount, unmount, mounts and transparent!: where files appear, and for how long. Each program runs in its own
# process, because a mount affects the whole process. test/mounts covers the uses of the files.
require_relative "test_helper"
require "tmpdir"

class MountsTest < Minitest::Test
  FILES = {
    "VERSION" => "1.2\n",
    "lib/main.rb" => "MAIN = [__FILE__, __dir__, File.read(\"\#{__dir__}/../VERSION\")]\nputs caller_locations(0, 1)[0].label\n",
    "lib/deep/x.txt" => "deep"
  }.freeze

  def setup
    skip "mounts are for Linux" unless RUBY_PLATFORM.include?("linux")
    @dir = File.realpath(Dir.mktmpdir("invfs-mounts"))
    File.binwrite("#{@dir}/app.zip", ZipBuilder.build { |zip| FILES.each { |name, text| zip.add(name, text) } })
  end

  def teardown
    FileUtils.rm_rf(@dir) if @dir
  end

  def assert_prints(expected, program, *options, **env)
    program = "DIR = #{@dir.dump}\nAPP = InVFS.zip(\"\#{DIR}/app.zip\")\n#{program}"
    outcome = RubyProcess.run(*RubyProcess::INVFS, *options, "-", input: program, env: env.transform_keys(&:to_s))
    assert_equal [expected, "", 0], [outcome.stdout, outcome.stderr, outcome.status], outcome.to_s
  end

  def test_what_mount_returns_and_knows
    assert_prints <<~TEXT, <<~'RUBY'
      "/a/b"
      true
      ["/a/b", "/app"]
      true
      nil
      ["/app"]
      false
    TEXT
      Dir.chdir("/") { p InVFS.mount("a/../a//b/", APP) }
      InVFS.mount(Struct.new(:to_path).new("/app"), APP)
      p InVFS.mounts["/app"].equal?(APP)
      p InVFS.mounts.keys
      p InVFS.unmount("/a/./b").equal?(APP), InVFS.unmount("/a/b"), InVFS.mounts.keys, File.exist?("/a/b")
    RUBY
  end

  def test_what_cannot_be_mounted
    assert_prints <<~TEXT, <<~'RUBY'
      TypeError
      TypeError
      ArgumentError
      ArgumentError
      ArgumentError
      Errno::EEXIST
      {}
    TEXT
      File.write("#{DIR}/file", "")
      attempts = [
        -> { InVFS.mount(1, APP) }, -> { InVFS.mount("/app", Object.new) }, -> { InVFS.mount("/app") },
        -> { InVFS.mount("/a\0b", APP) }, -> { InVFS.mount("/app", APP, upper: DIR) },
        -> { InVFS.mount("/app", APP, writable: "#{DIR}/file") }
      ]
      attempts.each { |attempt| attempt.call rescue puts $!.class }
      p InVFS.mounts
    RUBY
  end

  def test_the_longest_root_wins_and_shows_in_the_mount_above
    assert_prints <<~TEXT, <<~'RUBY'
      ["VERSION", "lib", "plugins"]
      ["one"]
      ["a.rb"]
      "1"
      ["VERSION", "lib"]
      false
    TEXT
      InVFS.mount("/app", APP)
      InVFS.mount("/app/plugins/one", InVFS.stringmap({ "a.rb" => "1" }))
      p Dir.children("/app").sort, Dir.children("/app/plugins"), Dir.children("/app/plugins/one")
      p File.read("/app/plugins/one/a.rb")
      InVFS.unmount("/app/plugins/one")
      p Dir.children("/app").sort, File.exist?("/app/plugins")
    RUBY
  end

  def test_a_root_ends_at_a_component
    assert_prints <<~TEXT, <<~'RUBY'
      [false, false, true, true]
    TEXT
      InVFS.mount("/app", APP)
      p(%w[/app2/VERSION /ap/VERSION /app//VERSION /etc/../app/VERSION].map { |path| File.exist?(path) })
    RUBY
  end

  def test_another_mount_at_the_same_path_takes_its_place
    assert_prints <<~TEXT, <<~'RUBY'
      ["1.2\\n", "2"]
    TEXT
      InVFS.mount("/app", APP)
      first = File.read("/app/VERSION")
      InVFS.mount("/app", InVFS.stringmap({ "VERSION" => "2" }))
      p [first, File.read("/app/VERSION")]
    RUBY
  end

  def test_files_below_a_union_may_change_at_any_time
    assert_prints <<~TEXT, <<~'RUBY'
      ["1", "2", "3", "4"]
    TEXT
      InVFS.mount("/app", InVFS.union(DIR))
      p((1..4).map { |number| File.write("#{DIR}/changing", number.to_s) && File.read("/app/changing") })
    RUBY
  end

  def test_descriptors_are_open_for_what_was_asked
    assert_prints <<~TEXT, <<~'RUBY'
      [true, true, true]
      Errno::EROFS
    TEXT
      require "fcntl"
      InVFS.mount("/app", APP)
      p(Array.new(3) { File.open("/app/VERSION") { |file| file.fcntl(Fcntl::F_GETFL) & Fcntl::O_ACCMODE == Fcntl::O_RDONLY } })
      File.open("/app/VERSION", "r+") rescue puts $!.class
    RUBY
  end

  def test_the_reason_is_told_when_a_file_is_damaged
    bytes = ZipBuilder.build { |zip| zip.add("VERSION", "1.2\n") }
    File.binwrite("#{@dir}/app.zip", bytes.sub("1.2", "1.3"))
    program = <<~RUBY
      InVFS.mount("/app", InVFS.zip("#{@dir}/app.zip"))
      begin
        File.read("/app/VERSION")
      rescue Errno::EIO => e
        puts e.message
      end
    RUBY
    [[[], ""], [["-w"], "invfs: #{@dir}/app.zip: entry \"VERSION\": the CRC-32 is "]].each do |options, told|
      outcome = RubyProcess.run(*options, *RubyProcess::INVFS, "-", input: program)
      assert_equal "#{Errno::EIO.new.message} @ rb_sysopen - /app/VERSION\n", outcome.stdout, outcome
      assert_match(/\A#{Regexp.escape(told)}#{".+\n" unless told.empty?}\z/, outcome.stderr)
    end
  end

  def test_an_entry_that_is_refused_for_its_name
    File.binwrite("#{@dir}/app.zip", ZipBuilder.build { |zip| zip.add("a\\b", "x") && zip.add("good", "G") })
    program = <<~RUBY
      InVFS.mount("/app", InVFS.zip("#{@dir}/app.zip"))
      p Dir.children("/app"), File.exist?("/app/a\\\\b"), File.read("/app/good")
      File.read("/app/a\\\\b") rescue p $!
    RUBY
    outcome = RubyProcess.run("-w", *RubyProcess::INVFS, "-", input: program)
    assert_equal "[\"good\"]\nfalse\n\"G\"\n#<Errno::EIO: #{Errno::EIO.new.message} @ rb_sysopen - /app/a\\b>\n", outcome.stdout, outcome
    assert_includes outcome.stderr, "invfs: #{@dir}/app.zip: entry \"a\\\\b\": the name holds a backslash\n"
  end

  def test_open_files_outlive_the_mount
    assert_prints <<~TEXT, <<~'RUBY'
      ["1.2\\n", "VERSION", ["VERSION", "lib"]]
      Errno::ENOENT
    TEXT
      InVFS.mount("/app", APP)
      file, dir = File.open("/app/VERSION"), Dir.open("/app")
      first = dir.each_child.first
      InVFS.unmount("/app")
      GC.start
      p [file.read, first, dir.children.sort]
      File.read("/app/VERSION") rescue puts $!.class
    RUBY
  end

  def test_code_is_loaded_by_rubys_own_require
    assert_prints <<~TEXT, <<~'RUBY'
      <top (required)>
      true
      ["/app/lib/main.rb", "/app/lib", "1.2\\n"]
      "/app/lib/main.rb"
      false
    TEXT
      InVFS.mount("/app", APP)
      $: << "/app/lib"
      p require("main"), MAIN, $".last, require("/app/lib/main")
    RUBY
  end

  def test_a_mounted_directory_before_an_archive_in_the_load_path_wins
    assert_prints <<~TEXT, <<~'RUBY'
      "mounted"
    TEXT
      InVFS.mount("/box", InVFS.stringmap({ "which.rb" => "WHICH = 'mounted'" }))
      $: << "/box" << InVFS.stringmap({ "which.rb" => "WHICH = 'object'" })
      require "which"
      p WHICH
    RUBY
  end

  def test_compiled_code_is_taken_for_mounted_files
    entry = InVFS::CompiledCode.build(FILES["lib/main.rb"])
    bytes = ZipBuilder.build do |zip|
      FILES.each { |name, text| zip.add(name, text) }
      zip.add("lib/plain.rb", "PLAIN = 1\n")
      zip.add(InVFS::CompiledCode.entry_name("lib/main.rb"), entry)
    end
    File.binwrite("#{@dir}/app.zip", bytes)
    assert_prints <<~TEXT, <<~'RUBY'
      <top (required)>
      ["/app/lib/main.rb", "/app/lib", "1.2\\n"]
      ["load_from_binary"]
      ["asked: /app/lib/plain.rb"]
    TEXT
      $asked = []
      def (RubyVM::InstructionSequence).load_iseq(path) = ($asked << "asked: #{path}"; nil)
      InVFS.mount("/app", APP)
      taken = []
      TracePoint.new(:c_call) { |it| taken << it.method_id.to_s if it.method_id == :load_from_binary }.enable do
        require "/app/lib/main"
        require "/app/lib/plain"
      end
      puts MAIN.inspect, taken.inspect, $asked.inspect
    RUBY
  end

  # invfs loads the library itself: nobody with a hook asks the system's loader for it, or for the ones that it needs.
  def test_native_extensions_from_a_vfs_see_the_mounts
    library = $LOAD_PATH.resolve_feature_path("openssl.so")&.last
    skip "this Ruby has no openssl.so of its own" unless library
    File.binwrite("#{@dir}/native.zip", ZipBuilder.build { |zip| zip.add("openssl.so", File.binread(library)) })
    assert_prints <<~TEXT, <<~'RUBY'
      true
      [true, false]
    TEXT
      InVFS.mount("/app", APP)
      $:.unshift("#{DIR}/native.zip")
      require "digest"
      p require("openssl.so")
      File.write("#{DIR}/VERSION", APP.read("VERSION"))
      complaints = ["#{DIR}/VERSION", "/app/VERSION", "/app/nothing"].map do |path|
        OpenSSL::X509::Store.new.add_file(path)
      rescue OpenSSL::X509::StoreError => e
        e.message
      end
      p [complaints[0] == complaints[1], complaints[0] == complaints[2]]
    RUBY
  end

  TRANSPARENT = <<~'RUBY'
    $: << "#{DIR}/app.zip/lib"
    require "main"
    p MAIN.last, File.read("#{DIR}/app.zip/VERSION"), Dir.children("#{DIR}/app.zip").sort
    p File.file?("#{DIR}/app.zip"), File.binread("#{DIR}/app.zip", 2)
    later = InVFS.stringmap({ "a.txt" => "later" }, to_path: "/later")
    $: << later
    p File.exist?("/later/a.txt")
    require "set"
    InVFS.root(later)
    p File.read("/later/a.txt")
    p InVFS.mounts
  RUBY

  READABLE = <<~TEXT
    <top (required)>
    "1.2\\n"
    "1.2\\n"
    ["VERSION", "lib"]
    true
    "PK"
    true
    "later"
    {}
  TEXT

  def test_every_vfs_is_readable_at_its_root
    assert_prints READABLE, "p InVFS.transparent!\n#{TRANSPARENT}".sub("p ", "")
  end

  def test_nobody_has_to_ask_for_that
    assert_prints READABLE, TRANSPARENT
    assert_prints READABLE, TRANSPARENT, RUBY_INVFS_TRANSPARENT: "1"
  end

  def test_it_can_be_turned_off_and_on_again
    program = <<~'RUBY'
      $: << "#{DIR}/app.zip/lib"
      look = -> { [InVFS.transparent?, File.exist?("#{DIR}/app.zip/VERSION")] }
      p look.call
      InVFS.transparent = false
      $: << InVFS.stringmap({ "plain.rb" => "" })
      p look.call, require("plain")
      InVFS.transparent = true
      p look.call
    RUBY
    assert_prints "[true, true]\n[false, false]\ntrue\n[true, true]\n", program
    assert_prints "[false, false]\n[false, false]\ntrue\n[true, true]\n", program, RUBY_INVFS_TRANSPARENT: "0"
  end

  def test_a_mount_that_was_asked_for_stays_when_a_vfs_gets_the_same_root
    assert_prints <<~TEXT, <<~'RUBY'
      "mine"
    TEXT
      InVFS.mount("/box", InVFS.stringmap({ "a" => "mine" }))
      InVFS.transparent!
      InVFS.root(InVFS.stringmap({ "a" => "other" }, to_path: "/box"))
      p File.read("/box/a")
    RUBY
  end

  def test_what_is_written_survives_the_process
    program = <<~'RUBY'
      InVFS.mount("/app", APP, writable: "#{DIR}/upper")
      p Dir.glob("/app/**/*").sort
      File.write("/app/VERSION", "2") if File.read("/app/VERSION") == "1.2\n"
      File.delete("/app/lib/main.rb") if File.exist?("/app/lib/main.rb")
      p File.read("/app/VERSION"), APP.read("VERSION")
    RUBY
    assert_prints <<~TEXT, program
      ["/app/VERSION", "/app/lib", "/app/lib/deep", "/app/lib/deep/x.txt", "/app/lib/main.rb"]
      "2"
      "1.2\\n"
    TEXT
    assert_prints <<~TEXT, program
      ["/app/VERSION", "/app/lib", "/app/lib/deep", "/app/lib/deep/x.txt"]
      "2"
      "1.2\\n"
    TEXT
  end

  def test_only_the_main_ractor_mounts
    assert_prints <<~TEXT, <<~'RUBY', "-W:no-experimental"
      Ractor::RemoteError
      "1.2\\n"
    TEXT
      Ractor.new(DIR) { |dir| Thread.current.report_on_exception = false; InVFS.mount("/app", dir) }.then { |r| r.respond_to?(:value) ? r.value : r.take } rescue puts $!.class
      InVFS.mount("/app", APP)
      r = Ractor.new { File.read("/app/VERSION") }
      p r.respond_to?(:value) ? r.value : r.take
    RUBY
  end
end
