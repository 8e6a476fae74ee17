# frozen_string_literal: true

# Helpers for the programs of MountProcess.
require "fiddle"

DIRECTORY = ENV.fetch("MOUNT_DIRECTORY")
ARCHIVE = ENV.fetch("MOUNT_ARCHIVE")
ROOT = "#{DIRECTORY}/m".freeze
MAIN = Process.pid
$stdout.sync = true

# rubocop:disable Style/GlobalVars -- the programs set them, too
def mount(at = ROOT) = InVFS.mount(at, $archive ||= InVFS.zip(ARCHIVE))

# Ends the program unless the block returns the expected value.
def same(expected, name = nil)
  got = begin
    yield
  rescue SystemCallError => e
    e.class
  end
  return if expected == got || (expected.is_a?(Range) && expected.cover?(got))

  abort "#{caller(1, 1).first} #{name}: expected #{expected.inspect}, got #{got.inspect}"
end

def content(index) = "file #{index}\n" * (index + 1)

# Files, directories, the working directory, and real paths.
def all_right
  3.times { same("hello\n") { File.read("#{ROOT}/hello.txt") } }
  same(content(42)) { File.read("#{ROOT}/f/42.txt") }
  same(%w[one.txt sub two.txt]) { Dir.children("#{ROOT}/d").sort }
  same(6) { File.open("#{ROOT}/hello.txt") { |file| file.stat.size } }
  same(["#{ROOT}/d", "1", "hello\n"]) { Dir.chdir("#{ROOT}/d") { [Dir.pwd, File.read("one.txt"), File.read("../hello.txt")] } }
  same("real\n") { File.read("#{ROOT}/../real.txt") }
  same(Errno::ENOENT) { File.read("#{ROOT}/none") }
  same(Errno::EROFS) { File.write("#{ROOT}/new", "") }
end

def descriptors = Dir.children("/proc/self/fd").size

def kilobytes = File.read("/proc/self/status")[/VmRSS:\s+(\d+)/, 1].to_i

# A function of the C library, called past all hooks.
def unhooked(name, *arguments)
  types = arguments.map { |argument| argument.is_a?(Integer) ? Fiddle::TYPE_LONG : Fiddle::TYPE_VOIDP }
  Fiddle::Function.new(Fiddle::Handle::DEFAULT[name], types, Fiddle::TYPE_INT).call(*arguments)
end

def skip(reason)
  puts "skip: #{reason}"
  exit!(0)
end

# Private file systems for this process, so that it can remove some.
def alone
  new_mounts = 0x20000
  skip "no mount namespaces here" unless unhooked("unshare", new_mounts).zero?
  skip "mounts stay shared" unless system("mount", "--make-rprivate", "/", err: File::NULL)
end

def without_proc = unhooked("umount2", "/proc", 2).zero? || skip("/proc stays")

def read_only(*directories)
  directories.select { |directory| File.directory?(directory) }.each do |directory|
    system("mount", "--bind", directory, directory) && system("mount", "-o", "remount,bind,ro", directory) ||
      skip("#{directory} stays writable")
  end
end

# From now on the system call with this number (on x86-64 and on AArch64) fails.
def forbid(x86, arm, errno)
  number = RUBY_PLATFORM.start_with?("x86_64") ? x86 : arm
  load, jump_if_equal, answer = 0x20, 0x15, 6
  program = [[load, 0, 0, 0], [jump_if_equal, 0, 1, number], [answer, 0, 0, 0x50000 | errno], [answer, 0, 0, 0x7fff0000]]
  program = Fiddle::Pointer[$filter = program.map { |step| step.pack("SCCL") }.join]
  head = Fiddle::Pointer[$head = [4, program.to_i].pack("Sx6Q")]
  no_new_privileges, set_filter = 38, 22
  unhooked("prctl", no_new_privileges, 1, 0, 0, 0)
  unhooked("prctl", set_filter, 2, head.to_i, 0, 0).zero? || skip("no system call filters here")
end

# Runs the block in a child process; returns its exit status.
def child
  pid = fork do
    yield
    exit!(0)
  rescue SystemExit => e
    exit!(e.status)
  rescue Exception => e # rubocop:disable Lint/RescueException -- whatever it is, the parent is to know
    warn e.full_message
    exit!(1)
  end
  Process.wait2(pid).last.exitstatus
end
# rubocop:enable Style/GlobalVars
