# frozen_string_literal: true

# Child programs that are Ruby and mount what their parent has mounted.
require_relative "test_helper"
require_relative "support/mount_process"

class ChildrenTest < Minitest::Test
  include MountProcess::Assertions

  FILES = {
    "main.rb" => <<~'RUBY',
      require_relative "lib/part"
      p [PART, __FILE__ == $0, $0, ARGV, Dir.pwd, $VERBOSE, DATA.read]
      raise "a fault" if ARGV.include?("raise")
      exit 7
      __END__
      data
    RUBY
    "lib/part.rb" => "PART = __dir__\n",
    "bin/tool" => "#!/usr/bin/env -S ruby -w\np [__FILE__ == $0, $VERBOSE, ARGV, Dir.pwd, File.file?('main.rb')]\n",
    "bin/next" => "#!/usr/bin/env ruby\nsystem(RbConfig.ruby, \"\#{__dir__}/tool\", *ARGV)\n",
    "bin/again" => "#!/usr/bin/env ruby\n$stdout.sync = true\nputs ARGV.size\nexec(RbConfig.ruby, $0, *ARGV, 'x') if ARGV.size < 3\n",
    "bin/plain" => "echo \"plain $1\"\n",
    "bin/shell" => "#!/bin/sh\necho \"shell $1\"\n"
  }.freeze

  def setup
    super
    @dir = File.realpath(Dir.mktmpdir("invfs-children"))
    File.chmod(0o755, @dir)
    @zip = "#{@dir}/app of mine.zip"
    File.binwrite(@zip, ZipBuilder.build { |zip| FILES.each { |name, text| zip.add(name, text, mode: name.start_with?("bin/") ? 0o100755 : 0o100644) } })
  end

  def teardown
    FileUtils.rm_rf(@dir) if @dir
  end

  # `program` runs with the archive mounted at /m, and the name of its directory in ARGV.
  def assert_children(expected, program, options: [], mount: "InVFS.zip(ARGV[1])", **keywords)
    program = "InVFS.mount('/m', #{mount}, children: true)\n$stderr.reopen($stdout)\n$stdout.sync = true\n#{program}"
    outcome = MountProcess.run(program, @dir, @zip, options: options, **keywords)
    assert_equal [expected, 0], [outcome.stdout, outcome.status], outcome.to_s
  end

  MAIN = "[\"/m/lib\", true, \"/m/main.rb\", %<arguments>s, \"%<pwd>s\", %<verbose>s, \"data\\n\"]\n"

  def main(arguments, pwd: "/", verbose: false) = format(MAIN, arguments: arguments.inspect, pwd: pwd, verbose: verbose)

  def test_a_script_of_a_mount
    assert_children("#{main(%w[a b])}7\n#{main(%w[c], verbose: true)}#{main([])}", <<~'RUBY')
      system(RbConfig.ruby, "/m/main.rb", "a", "b")
      puts $?.exitstatus
      system("ruby -I lib -w /m/main.rb c")
      Process.wait(spawn("/usr/bin/env", "A=1", RbConfig.ruby, "/m/main.rb"))
    RUBY
  end

  def test_an_exception_has_only_the_frames_of_the_script
    assert_children("#{main(%w[raise])}/m/main.rb:3:in `<main>': a fault (RuntimeError)\n1\n".tr("`", RUBY_VERSION < "3.4" ? "`" : "'"), <<~'RUBY')
      system(RbConfig.ruby, "/m/main.rb", "raise")
      puts $?.exitstatus
    RUBY
  end

  def test_programs_of_a_mount
    assert_children("[true, true, [\"1\"], \"/\", false]\n[true, true, [\"2\"], \"/\", false]\nplain 3\nshell 4\n1\n2\n3\n", <<~'RUBY')
      system("/m/bin/tool", "1")
      system("/m/bin/next", "2")
      system("/m/bin/plain", "3")
      system("/m/bin/shell", "4")
      exec("/m/bin/again", "5")
    RUBY
  end

  def test_the_working_directory
    tool = "[true, true, [], \"/m/lib\", false]\n"
    assert_children("#{tool}#{tool}\"/m/lib\"\n\"/m/bin\"\n#{main([], pwd: "/m")}\"/\"\n", <<~'RUBY')
      Dir.chdir("/m/lib") do
        system("../bin/tool")
        system("../bin/next")
        system(RbConfig.ruby, "-e", "p Dir.pwd")
        system(RbConfig.ruby, "-e", "p Dir.pwd", chdir: "/m/bin")
        system(RbConfig.ruby, "main.rb", chdir: "/m")
        system("cd / && #{RbConfig.ruby} -e 'p Dir.pwd'", err: File::NULL)
      end
    RUBY
  end

  def test_as_another_user_whose_children_share_memory_before_they_start
    only_as_root
    # The checkout may lie where others cannot look, such as root's home.
    FileUtils.cp_r(RubyProcess::LIB, "#{@dir}/lib")
    own = "#{main(%w[a])}\"/m/bin\"\n\"/m/lib\"\n\"/\"\n[true, true, [\"x\"], \"/\", false]\n"
    assert_children(own, <<~'RUBY', options: ["-I#{@dir}/lib"])
      Process::Sys.setgid(65_534)
      Process::Sys.setuid(65_534)
      ENV["HOME"] = "/"
      $stderr.reopen(File::NULL)
      reader, writer = IO.pipe
      File.open("/m/main.rb") { system(RbConfig.ruby, "/m/main.rb", "a") }
      system(RbConfig.ruby, "-e", "p Dir.pwd", chdir: "/m/bin")
      Dir.chdir("/m/bin") { system(RbConfig.ruby, "-e", "p Dir.pwd", chdir: "/m/lib") }
      system(RbConfig.ruby, "-e", "p Dir.pwd")
      system("/m/bin/next", "x")
    RUBY
  end

  # What other processes cannot open is refused when it is mounted, and nothing is left behind.
  def test_what_cannot_be_passed_on
    assert_right(<<~'RUBY', @zip)
      require "tmpdir"
      zip = InVFS.zip(ARGV[0])
      subclass = Class.new(InVFS::ZipFS).new(ARGV[0])
      special = InVFS.zip(ARGV[0]).tap { |vfs| def vfs.read(*) = "special" }
      InVFS.mount("/hidden", InVFS.stringmap({ "inner.zip" => File.binread(ARGV[0]) }))
      refused = {
        InVFS.stringmap({}) => /StringMapFS objects are in this process alone/, InVFS::Base.new => /InVFS::Base objects are/, proc {} => /Proc objects are/,
        InVFS::ZipFS.from_bytes(File.binread(ARGV[0]), to_path: "/b.zip") => /is held in memory/, subclass => /methods of its own/, special => /methods of its own/,
        InVFS.union("/tmp", InVFS.stringmap({})) => /StringMapFS/, InVFS.stringmap({ "a/b" => "" }).sub("a") => /StringMapFS/,
        InVFS.zip("/hidden/inner.zip") => %r{/hidden/inner.zip lies in the mount at /hidden, which is not passed on}
      }
      refused.each do |vfs, message|
        InVFS.mount("/m", vfs, children: true)
        abort "#{vfs} was mounted"
      rescue ArgumentError => e
        abort e.message unless e.message.start_with?("children: cannot be passed on to other processes: ") && e.message.match?(message)
      end
      same([nil, nil, %w[/hidden]]) { [ENV["RUBYOPT"], ENV["INVFS_MOUNTS"], InVFS.mounts.keys] }
    RUBY
  end

  def test_what_can_be_passed_on
    Dir.mkdir("#{@dir}/over")
    File.write("#{@dir}/over/new.txt", "")
    { "InVFS.zip(ARGV[1]).sub('lib')" => %w[part.rb], "InVFS.union(ARGV[0] + '/over')" => %w[new.txt],
      "Dir.chdir(ARGV[0]) { InVFS.union('over', InVFS.zip('app of mine.zip').sub('bin')) }" => %w[again new.txt next plain shell tool] }.each do |vfs, names|
      assert_children("#{names.inspect}\n", "system(RbConfig.ruby, '-e', 'p Dir.children(\"/m\").sort')", mount: vfs)
    end
    assert_children("[\"/m\", \"/n\"]\n[\"inner\"]\n", <<~'RUBY', mount: "InVFS.union(ARGV[0])")
      InVFS.mount("/n", InVFS.zip("/m/app of mine.zip"), children: true)
      File.write(ARGV[0] + "/script.rb", "p InVFS.mounts.keys.sort\nInVFS.mount('/n', InVFS.stringmap({ 'inner' => '' }))\np Dir.children('/n')")
      system(RbConfig.ruby, "/m/script.rb")
    RUBY
  end

  def test_changes_are_shared
    assert_children("[\"kept\", false]\n\"new\"\n", <<~'RUBY', mount: "InVFS.zip(ARGV[1]), writable: ARGV[0] + '/upper'")
      File.write("/m/main.rb", "p [File.read('/m/kept'), File.exist?('/m/lib/part.rb')]; File.write('/m/new', 'new')")
      File.write("/m/kept", "kept")
      File.delete("/m/lib/part.rb")
      system(RbConfig.ruby, "/m/main.rb")
      p File.read("/m/new")
    RUBY
  end

  def test_locks
    assert_children("false\nfalse\n", <<~'RUBY', mount: "InVFS.zip(ARGV[1]), writable: ARGV[0] + '/upper'")
      child = "p File.open(ARGV[0]).flock(File::LOCK_EX | File::LOCK_NB)"
      File.open("/m/main.rb") { |file| file.flock(File::LOCK_EX) && system(RbConfig.ruby, "-e", child, "/m/main.rb") }
      File.open("/m/main.rb", "r+") { |file| file.flock(File::LOCK_EX) && system(RbConfig.ruby, "-e", child, "/m/main.rb") }
    RUBY
  end

  def test_unmounting_ends_it
    assert_children("[\"/m\", \"/n\"]\n[\"/n\"]\n[]\n\"-W0\"\nnil\n", <<~'RUBY')
      ENV["RUBYOPT"] += " -W0"
      InVFS.mount("/n", InVFS.zip(ARGV[1]), children: true)
      InVFS.mount("/n", InVFS.stringmap({}))
      show = -> { system(RbConfig.ruby, "-e", "p defined?(InVFS) ? InVFS.mounts.keys.sort : []") }
      show.call
      InVFS.unmount("/m")
      InVFS.unmount("/n")
      show.call
      InVFS.unmount("/n")
      show.call
      p ENV["RUBYOPT"], ENV["INVFS_MOUNTS"]
    RUBY
  end

  # What the shell runs where the system cannot, with and without mounts of its own.
  def test_a_script_without_a_first_line
    assert_right(<<~'RUBY', @zip)
      InVFS.mount("/m", InVFS.zip(ARGV[0]))
      same("plain x\n") { IO.popen(["/m/bin/plain", "x"], &:read) }
      same("plain \n") { `/m/bin/plain` }
      same("plain y\n") { Dir.chdir("/m/bin") { IO.popen(["./plain", "y"], err: File::NULL, &:read) } }
      same("plain z\n") { reader, writer = IO.pipe; Process.wait(fork { exec("/m/bin/plain", "z", out: writer) }); writer.close; reader.read }
    RUBY
  end

  # They start, and see no mounts.
  def test_children_without_mounts
    missing = "ruby: No such file or directory -- /m/main.rb (LoadError)\n"
    # A child of another version loads invfs if the gem has a library for it.
    here = File.file?("#{RubyProcess::LIB}/invfs/#{RUBY_VERSION[/\A\d+\.\d+/]}/invfs.so")
    assert_children("#{missing}#{missing}1\n#{here}\ninvfs: a mount of the parent process is missing here: No such file or directory - #{@dir}/gone.zip\nstarted\n", <<~'RUBY')
      system(RbConfig.ruby, "--disable=rubyopt", "/m/main.rb")
      system("ruby", "/m/main.rb", unsetenv_others: true)
      puts $?.exitstatus
      ENV["INVFS_MOUNTS"] = ENV["INVFS_MOUNTS"].sub(/\A\S+/, "9.9")
      system(RbConfig.ruby, "-e", "p !!defined?(InVFS)")
      File.rename(ARGV[1], ARGV[0] + "/gone.zip")
      InVFS.mount("/o", InVFS.zip(ARGV[0] + "/gone.zip"), children: true)
      InVFS.unmount("/m")
      File.rename(ARGV[0] + "/gone.zip", ARGV[1])
      system(RbConfig.ruby, "-e", "puts :started")
    RUBY
  end

  def test_without_rubygems
    assert_children(main([]), "system(RbConfig.ruby, '--disable=gems', '/m/main.rb')")
  end

  def test_many_arguments
    assert_children("2000\n", "File.write(ARGV[0] + '/count.rb', 'puts ARGV.size'); system(RbConfig.ruby, '/m/count.rb', *%w[a] * 2000)", mount: "InVFS.union(ARGV[0])")
  end
end
