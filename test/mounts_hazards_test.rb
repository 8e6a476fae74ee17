# frozen_string_literal: true

# Hazards that mounts survive: descriptors that run out or are closed by others, reduced systems, other users,
# libraries, child processes, paths of all kinds.
require_relative "test_helper"
require_relative "support/mount_process"

class MountsHazardsTest < Minitest::Test
  include MountProcess::Assertions

  # Opens files until there are no more descriptors; returns how many.
  EXHAUST = <<~'RUBY'
    def exhaust(path)
      open = []
      loop { open << File.open(path) }
    rescue Errno::EMFILE
      yield if block_given?
      open.each(&:close)
      open.size
    end
  RUBY

  # As under a policy that lets nobody change what the dynamic linker has protected.
  def test_where_the_tables_cannot_be_written_nothing_is_mounted
    assert_right(<<~'RUBY')
      forbid(10, 226, Errno::EPERM::Errno)
      # Nothing is raised: require has a loader of its own.
      $: << InVFS.stringmap({ "found.rb" => "FOUND = true" })
      begin
        InVFS.mount("/x", InVFS.stringmap({ "a" => "1" }))
      rescue InVFS::MountUnsupported => e
        same(true) { e.message.match?(/does not let \d+ of the loaded objects be changed/) }
      end
      same([{}, false, true]) { [InVFS.mounts, File.exist?("/x/a"), require("found")] }
      same(InVFS::MountUnsupported) { InVFS.transparent! rescue $!.class }
      same(false) { InVFS.transparent? }
      same(true) { InVFS.explain("found").found? }
    RUBY
  end

  def test_as_many_files_can_be_open_as_on_disk
    assert_right(<<~RUBY)
      #{EXHAUST}
      Process.setrlimit(:NOFILE, 60)
      before = exhaust("/etc/passwd")
      mount
      all_right
      # Directories take one for themselves, and so does the archive.
      same(before - 4..before) { exhaust("\#{ROOT}/hello.txt") { same(Errno::EMFILE) { Dir.children(ROOT) } } }
      all_right
    RUBY
  end

  def test_files_that_are_held_give_way
    assert_right(<<~RUBY)
      #{EXHAUST}
      Process.setrlimit(:NOFILE, 100)
      mount
      fill = -> { 50.times { |index| 3.times { File.read("\#{ROOT}/f/\#{index}.txt") } } }
      before = exhaust("/etc/passwd")
      fill.call
      same(20..) { descriptors }
      same(before - 2..before) { exhaust("/etc/passwd") }
      fill.call
      pipes = []
      begin
        loop { pipes.concat(IO.pipe) }
      rescue Errno::EMFILE
        same(before - 3..before) { pipes.size }
      end
      pipes.each(&:close)
      all_right
    RUBY
  end

  def test_no_descriptors_at_the_first_use
    assert_right(<<~RUBY)
      #{EXHAUST}
      $archive = InVFS.zip(ARCHIVE)
      Process.setrlimit(:NOFILE, 40)
      exhaust("/etc/passwd") do
        mount
        same(Errno::EMFILE) { Dir.children(ROOT) }
        same(Errno::EMFILE) { File.read("\#{ROOT}/hello.txt") }
        same(6) { File.size("\#{ROOT}/hello.txt") }
      end
      all_right
    RUBY
  end

  def test_a_program_that_closes_every_number
    assert_right(<<~'RUBY')
      mount
      all_right
      (3..1024).each do |number|
        IO.for_fd(number).close
      rescue Errno::EBADF, ArgumentError # the latter: Ruby needs it
        next
      end
      all_right
    RUBY
  end

  def test_an_archive_in_an_archive_of_a_program_that_closes_every_number
    Dir.mktmpdir("invfs-nested") do |directory|
      File.binwrite("#{directory}/outer.zip", ZipBuilder.build { |zip| zip.add "inner.zip", MountProcess.bytes, deflate: true })
      assert_right(<<~'RUBY', "#{directory}/outer.zip")
        InVFS.mount("/outer", ARGV.first)
        $mounted = InVFS.mount(ROOT, "/outer/inner.zip")
        (3..1024).each do |number|
          IO.for_fd(number).close
        rescue Errno::EBADF, ArgumentError # the latter: Ruby needs it
          next
        end
        others = Array.new(10) { File.open("/etc/passwd") }
        all_right
        others.each { |other| same("root") { other.pread(4, 0) } }
      RUBY
    end
  end

  # Never is another file taken for one of the mount's.
  %w[close close_range].each do |function|
    define_method("test_#{function}_past_all_hooks") do
      needs_functions(function)
      assert_prints("right\n", <<~RUBY)
        mount
        all_right
        #{function == "close" ? '(3..1100).each { |number| unhooked("close", number) }' : 'unhooked("close_range", 3, 1100, 0)'}
        others = Array.new(700) { File.open("/etc/passwd") }
        passwd = others.first.read
        2.times do
          ["hello.txt", "f/42.txt", "f/43.txt"].each do |name|
            got = begin
              File.read("\#{ROOT}/\#{name}")
            rescue Errno::ESTALE, Errno::EBADF, Errno::EIO
              "error"
            end
            abort name unless got == "error" || got == content(name[/\\d+/].to_i) || got == "hello\\n"
          end
          same(%w[one.txt sub two.txt]) { Dir.children("\#{ROOT}/d").sort }
          same("\#{ROOT}/d") { Dir.chdir("\#{ROOT}/d") { Dir.pwd } }
        end
        others.each { |other| same(passwd) { other.pread(100_000, 0) } }
        puts :right
        # Ruby 3.3 aborts when it finds its own descriptors closed.
        exit!(0)
      RUBY
    end
  end

  def test_close_range_and_closefrom_of_a_library
    needs_functions("close_range", "closefrom")
    Dir.mktmpdir("invfs-closing") do |directory|
      library = compiled(directory, "closing", <<~C)
        #define _GNU_SOURCE
        #include <unistd.h>
        int range(void) { return close_range(3, ~0U, 0); }
        int from(void) { closefrom(3); return 0; }
      C
      assert_prints("right\n", <<~'RUBY', library)
        library = Fiddle.dlopen(ARGV.first)
        mount
        all_right
        keep = InVFS.zip(ARCHIVE)
        %w[range from].each do |name|
          file = File.open("/etc/passwd")
          same(0) { Fiddle::Function.new(library[name], [], Fiddle::TYPE_INT).call }
          same(Errno::EBADF) { file.close }
          same(%w[one.txt sub two.txt]) { Dir.children("#{ROOT}/d").sort }
          same("#{ROOT}/d") { Dir.chdir("#{ROOT}/d") { Dir.pwd } }
        end
        puts :right
        # Ruby 3.3 aborts when it finds its own descriptors closed.
        exit!(0)
      RUBY
    end
  end

  def test_descriptors_that_are_replaced
    assert_right(<<~'RUBY')
      mount
      50.times { |index| 3.times { File.read("#{ROOT}/f/#{index}.txt") } }
      all_right
      ours = Dir.children("/proc/self/fd").map(&:to_i).select do |number|
        number > 2 && File.readlink("/proc/self/fd/#{number}").match?(/memfd|deleted|self/)
      rescue Errno::ENOENT
        false
      end
      same(40..) { ours.size }
      passwd = File.open("/etc/passwd")
      taken = ours.map { |number| IO.for_fd(number, autoclose: false).reopen(passwd) }
      all_right
      GC.start
      taken.each { |file| same("root") { file.pread(4, 0) } }
      taken.each(&:close)
      all_right
    RUBY
  end

  def test_a_temporary_directory_that_is_not_there
    assert_right("mount\nall_right", env: { "TMPDIR" => "/none/of/these" })
  end

  def test_another_user_than_the_one_who_mounted
    only_as_root
    assert_right(<<~'RUBY')
      mount
      all_right
      file, directory = File.open("#{ROOT}/hello.txt"), Dir.open("#{ROOT}/d")
      Process::UID.change_privilege(65_534)
      all_right
      same("hello\n") { file.read }
      same(3) { directory.children.size }
      # Processes are started by vfork now.
      20.times do
        same("x\n") { IO.popen(["#{ROOT}/bin/echo", "x"], &:read) }
        same("script x\nhello\n") { IO.popen(["#{ROOT}/bin/script", "x"], in: "#{ROOT}/hello.txt", &:read) }
        same("") { IO.popen(["ls"], chdir: "#{ROOT}/d", &:read) }
        Dir.chdir("#{ROOT}/d") do
          same("1") { IO.popen(["cat"], in: "one.txt", &:read) }
          same("#{ROOT}/d") { Dir.pwd }
        end
      end
      all_right
    RUBY
  end

  def test_what_a_child_of_vfork_looks_at_is_not_kept
    assert_right(<<~'RUBY')
      require "tmpdir"
      # For root, Ruby starts processes by fork.
      Process::UID.change_privilege(65_534) if Process.uid.zero?
      open_files = -> { Dir.children("/proc/self/fd").size }
      upper = Dir.mktmpdir
      # One archive: Ruby may keep the last one that was made for a while.
      archive = InVFS.zip(ARCHIVE)
      run = lambda do
        InVFS.mount("/writable", archive, writable: upper)
        5.times { same("script x\nhello\n") { IO.popen(["/writable/bin/script", "x"], in: "/writable/hello.txt", &:read) } }
        same(Errno::ENOENT) { IO.popen(["/writable/bin/none"]) }
        InVFS.unmount("/writable")
        GC.start
        open_files.call
      end
      first = run.call
      3.times { same(first) { run.call } }
      FileUtils.rm_r(upper)
    RUBY
  end

  # Also with programs and libraries from the mount.
  EVERYTHING = <<~'RUBY'
    def everything
      all_right
      file = File.open("#{ROOT}/hello.txt")
      same([6, "hello\n", 1]) { [file.stat.size, file.read, file.stat.nlink] }
      same(File.stat("#{ROOT}/hello.txt").ino) { file.stat.ino }
      same("1") { file.reopen("#{ROOT}/d/one.txt").read }
      100.times { |index| 3.times { same(content(index)) { File.read("#{ROOT}/f/#{index}.txt") } } }
      same("x\n") { IO.popen(["#{ROOT}/bin/echo", "x"], &:read) } if $programs
      same("script x\nhello\n") { IO.popen(["#{ROOT}/bin/script", "x"], in: "#{ROOT}/hello.txt", &:read) } if $scripts
    end
    $programs = $scripts = true
  RUBY

  def test_no_proc
    only_as_root
    ["mount; without_proc", "without_proc; mount"].each do |order|
      assert_right("#{EVERYTHING}\nalone; #{order}\n$scripts = false\neverything")
    end
  end

  def test_no_files_in_memory
    ["mount", "mount; everything"].each do |before|
      # Programs only where temporary files may be run.
      assert_right("#{EVERYTHING}\n#{before}\nforbid(319, 279, Errno::EPERM::Errno)\n$programs = $scripts = false\nmount\neverything")
    end
  end

  def test_nothing_can_be_written
    only_as_root
    assert_right(<<~RUBY)
      #{EVERYTHING}
      alone
      read_only("/tmp", "/dev/shm", "/var/tmp", "/run")
      mount
      everything
      forbid(319, 279, Errno::ENOSYS::Errno)
      same(Errno::EROFS) { File.read("\#{ROOT}/f/99.txt") if InVFS.mount("\#{ROOT}2", $archive) && File.read("\#{ROOT}2/f/99.txt") }
      same(true) { File.exist?("\#{ROOT}2/f/99.txt") }
    RUBY
  end

  def test_another_root_directory
    only_as_root
    assert_right(<<~RUBY)
      #{EVERYTHING}
      mount
      all_right
      Dir.mkdir("\#{DIRECTORY}/jail")
      Dir.chroot("\#{DIRECTORY}/jail")
      Dir.chdir("/")
      $programs = $scripts = false
      same("hello\\n") { File.read("\#{ROOT}/hello.txt") }
      same(["\#{ROOT}/d", "1"]) { Dir.chdir("\#{ROOT}/d") { [Dir.pwd, File.read("one.txt")] } }
    RUBY
  end

  # A child asks for the namespace: it starts no threads from then on, and since 3.3 Ruby waits for one in vain when it ends,
  # unless by `exit!`.
  def test_no_programs_in_memory
    only_as_root
    assert_right(<<~RUBY)
      #{EVERYTHING}
      def without_programs
        unhooked("mount", "x", "/proc", "proc", 0, nil.to_i) rescue nil
        begin
          File.write("/proc/sys/vm/memfd_noexec", "2")
        rescue SystemCallError
          exit!(3)
        end
        mount
        $programs = $scripts = false
        everything
        same(Errno::EACCES) { IO.popen(["\#{ROOT}/bin/echo", "x"], &:read) }
      end
      status = child do
        exit!(4) unless unhooked("unshare", 0x20020000).zero?
        exit!(child { without_programs })
      end
      skip "no process namespaces here" if status == 4
      skip "memfd_noexec cannot be set" if status == 3
      same(0) { status }
    RUBY
  end
end
