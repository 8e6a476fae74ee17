# frozen_string_literal: true

# Functions of the C library that Ruby does not call, or not in these ways, called by a library compiled for this test:
# on a mount they answer as on a disk. And the list of functions in docs/mounts.md is complete.
require_relative "test_helper"
require_relative "support/c_library_paths"
require_relative "support/mounts_page"
require_relative "support/native_build"

class MountsFunctionsTest < Minitest::Test
  # Each function returns its result, or -errno; output comes back in the buffer.
  SOURCE = <<~'C'
    #define _GNU_SOURCE
    #include <errno.h>
    #include <spawn.h>
    #include <stdlib.h>
    #include <string.h>
    #include <sys/statfs.h>
    #include <sys/wait.h>
    #include <sys/xattr.h>
    #include <unistd.h>
    extern char **environ;
    static long result(long value) { return value < 0 ? -errno : value; }
    long temporary(char *path) { return result(mkstemp(path)); }
    long temporary_with_suffix(char *path) { return result(mkstemps(path, 4)); }
    long temporary_for_appending(char *path) { return result(mkostemp(path, 02000)); }
    long temporary_directory(char *path) { return mkdtemp(path) ? 0 : -errno; }
    long get_attribute(char *path) { char x[9]; return result(getxattr(path, "user.x", x, 9)); }
    long get_attribute_of_link(char *path) { char x[9]; return result(lgetxattr(path, "user.x", x, 9)); }
    long list_attributes(char *path) { char x[9]; return result(listxattr(path, x, 9)); }
    long set_attribute(char *path) { return result(setxattr(path, "user.x", "1", 1, 0)); }
    long remove_attribute(char *path) { return result(removexattr(path, "user.x")); }
    long read_only(char *path) { struct statfs s; return statfs(path, &s) < 0 ? -errno : s.f_flags & 1; }
    static long wait_for(int pid) { int status; return waitpid(pid, &status, 0) < 0 ? -errno : WEXITSTATUS(status); }
    long run(char *path) {
      char *arguments[] = { path, "7", 0 };
      int pid = fork();
      if (pid) return wait_for(pid);
      execvp(path, arguments);
      _exit(errno);
    }
    long spawn(char *path) {
      char *arguments[] = { path, "8", 0 };
      int pid, failed = posix_spawnp(&pid, path, 0, 0, arguments, environ);
      return failed ? -failed : wait_for(pid);
    }
  C

  PROGRAM = <<~'RUBY'
    require "fiddle"
    require "tmpdir"
    files = { "a.txt" => "text", "bin/exit" => "#!/bin/sh\nexit $1\n", "bin/plain" => "exit $1\n" }
    tree = Dir.mktmpdir
    at_exit { FileUtils.rm_rf(tree) }
    require "fileutils"
    files.each do |name, text|
      FileUtils.mkdir_p(File.dirname("#{tree}/source/#{name}"))
      File.write("#{tree}/source/#{name}", text, perm: 0o755)
    end
    InVFS.mount("/mounted", InVFS.union("#{tree}/source"))
    InVFS.mount("/changed", InVFS.union("#{tree}/source"), writable: "#{tree}/upper")
    LIBRARY = Fiddle.dlopen(ARGV.first)
    def call(name, path)
      path = path.dup
      [Fiddle::Function.new(LIBRARY[name], [Fiddle::TYPE_VOIDP], Fiddle::TYPE_LONG).call(path), path]
    end
    def error(name, path) = Errno.constants.map { |error| Errno.const_get(error) }.find { |error| error::Errno == -call(name, path).first }
  RUBY

  def observe(text)
    skip NativeBuild.unavailable if NativeBuild.unavailable
    skip "no mounts here" unless RUBY_PLATFORM.include?("linux")
    Tempfile.create(["functions", ".so"]) do |library|
      File.binwrite(library.path, NativeBuild.code(SOURCE))
      outcome = RubyProcess.run("-W0", *RubyProcess::INVFS, "-e", PROGRAM + text, library.path)
      assert_equal [0, ""], [outcome.status, outcome.stderr], outcome
      outcome.stdout.lines(chomp: true)
    end
  end

  def test_files_under_new_names
    assert_equal %w[true true .txt true true true], observe(<<~'RUBY')
      descriptor, path = call("temporary", "/changed/bin/new-XXXXXX")
      puts IO.for_fd(descriptor, "r+").then { |io| io.write("new"); io.close; File.read(path) == "new" }
      puts path.match?(%r{\A/changed/bin/new-[a-zA-Z0-9]{6}\z}) && path != "/changed/bin/new-XXXXXX"
      descriptor, path = call("temporary_with_suffix", "/changed/XXXXXX.txt")
      puts File.extname(path)
      descriptor, path = call("temporary_for_appending", "/changed/XXXXXX")
      puts IO.for_fd(descriptor, "a").then { |io| io.write("a"); io.rewind; io.write("b"); io.close; File.read(path) == "ab" }
      result, path = call("temporary_directory", "/changed/XXXXXX")
      puts File.stat(path).mode.to_s(8) == "40700", (Dir.children("/changed").size == 5)
    RUBY
  end

  def test_no_files_under_new_names
    assert_equal %w[Errno::EROFS Errno::EROFS Errno::ENOENT Errno::EINVAL true], observe(<<~'RUBY')
      puts error("temporary", "/mounted/XXXXXX"), error("temporary_directory", "/mounted/XXXXXX")
      puts error("temporary", "/changed/nothing/XXXXXX"), error("temporary", "/changed/short-XXXXX")
      puts call("temporary", "#{tree}/XXXXXX").then { |descriptor, path| descriptor > 2 && File.file?(path) }
    RUBY
  end

  def test_attributes
    expected = %w[ENOTSUP ENOENT].product(%w[get_attribute get_attribute_of_link list_attributes]).map { |error, _| "Errno::#{error}" }
    assert_equal expected + %w[Errno::EROFS Errno::EROFS Errno::ENOTSUP Errno::ENOENT], observe(<<~'RUBY')
      %w[/mounted/a.txt /mounted/nothing].each do |path|
        %w[get_attribute get_attribute_of_link list_attributes].each { |name| puts error(name, path) }
      end
      puts error("set_attribute", "/mounted/a.txt"), error("remove_attribute", "/mounted/a.txt")
      puts error("set_attribute", "/changed/a.txt"), error("set_attribute", "/changed/nothing")
    RUBY
  end

  def test_file_systems
    assert_equal %w[1 0 Errno::ENOENT], observe(<<~'RUBY')
      puts call("read_only", "/mounted").first, call("read_only", "/changed/a.txt").first, error("read_only", "/mounted/nothing")
    RUBY
  end

  def test_programs
    assert_equal %w[7 8 true 13], observe(<<~'RUBY')
      puts call("run", "/mounted/bin/exit").first, call("spawn", "/mounted/bin/exit").first
      # Without #! a shell runs it, if this C library does that.
      puts call("run", "/mounted/bin/plain").first == call("run", "#{tree}/source/bin/plain").first
      puts call("run", "/mounted/bin").first            # EACCES
    RUBY
  end

  # posix_spawn in plain Ruby, of a program that is not there.
  PLAIN_SPAWN = <<~'RUBY'
    require "fiddle"
    spawn = Fiddle::Function.new(Fiddle::Handle::DEFAULT["posix_spawn"], [Fiddle::TYPE_VOIDP] * 6, Fiddle::TYPE_INT)
    none = [0].pack("J")
    exit! spawn.call("\0" * 8, "/nothing-of-this-name", nil, nil, none, none)
  RUBY

  def test_programs_that_are_not_there
    unless RubyProcess.run("-e", PLAIN_SPAWN).status == Errno::ENOENT::Errno
      skip "posix_spawn does not tell that a program is missing, without invfs either (qemu-user: its vfork is a fork)"
    end
    assert_equal %w[Errno::ENOENT Errno::ENOENT], observe(<<~'RUBY')
      puts error("spawn", "/mounted/nothing"), error("spawn", "nothing-of-this-name")
    RUBY
  end

  def test_the_tables_in_the_page_are_those_of_the_code
    assert_equal MountsPage.text, File.read(MountsPage::FILE), "`#{MountsPage::COMMAND}` writes the tables anew"
    assert_operator CLibraryPaths.hooked.values.flatten.size, :>, 100
  end

  def test_every_function_that_takes_a_path_has_a_hook_or_a_reason
    declared = CLibraryPaths.declared
    skip "the headers of the GNU C library are not here" unless declared
    assert_operator declared.size, :>, 100
    hooked, unhooked = CLibraryPaths.hooked.values.flatten, CLibraryPaths::UNHOOKED.values.flatten
    assert_empty declared - hooked - unhooked
    assert_empty hooked & unhooked
    assert_equal hooked.size + unhooked.size, (hooked + unhooked).uniq.size
  end
end
