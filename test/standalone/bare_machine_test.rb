# frozen_string_literal: true

# Packed programs on a machine that has nothing but a C library, as a user without rights. Needs root, for chroot.
require_relative "standalone_helper"

class StandaloneBareMachineTest < Minitest::Test
  include StandaloneHelper

  NOBODY = "65534:65534"

  def setup
    super
    return if Process.uid.zero? && system("/usr/sbin/chroot", "/", "true", err: File::NULL)

    warn "!!!!!!!! NOT RUN: #{self.class}##{name} needs root, for chroot"
    skip "needs root, for chroot"
  end

  def teardown
    (@mounted || []).reverse_each { |at| system("umount", at) || raise("#{at} is still mounted") }
    super
  end

  # A root directory with the C library, its loader and its libm, /tmp and /dev/null.
  def machine
    root = path("machine")
    libm = Dir.glob("/{lib,usr/lib,lib64,usr/lib64}/{,*-linux-gnu/}libm.so.6").first
    libraries = `ldd #{LAUNCHER}`.scan(%r{(/\S+)}).flatten + [libm].compact
    libraries.each do |library|
      FileUtils.mkdir_p(File.dirname(root + library))
      FileUtils.cp(File.realpath(library), root + library)
    end
    %w[tmp proc dev home].each { |name| Dir.mkdir("#{root}/#{name}") }
    File.chmod(0o1777, "#{root}/tmp")
    system("mknod", "-m", "666", "#{root}/dev/null", "c", "1", "3") || skip("mknod is not allowed here")
    FileUtils.cp(path("program"), "#{root}/program")
    root
  end

  def mount(*arguments, at)
    return (@mounted ||= []) << at if system("mount", *arguments, at, err: File::NULL)

    warn "!!!!!!!! NOT RUN: #{self.class}##{name} needs mount"
    skip "mount is not allowed here"
  end

  def run_there(root, *arguments)
    env = { "HOME" => "/home", "PATH" => "/bin", "TMPDIR" => nil, "XDG_STATE_HOME" => nil, "GEM_HOME" => nil, "LC_ALL" => nil }
    RubyProcess.command(["/usr/sbin/chroot", "--userspec=#{NOBODY}", root, "/program", *arguments], env: env)
  end

  def assert_there(root, stdout, *arguments)
    outcome = run_there(root, *arguments)
    assert_equal ["", 0], [outcome.stderr, outcome.status], outcome
    assert_equal stdout, outcome.stdout
  end

  SCRIPT = <<~'RUBY'
    require "openssl"
    require "json"
    require "psych"
    require "socket"
    require "zlib"
    require "net/http"
    p Process.uid, Dir.exist?("/usr/bin"), OpenSSL::Digest::SHA256.hexdigest("x")[0, 4], Psych.load("a: [1]").to_a, Gem::Version.new("2").to_s
    server = TCPServer.new("127.0.0.1", 0)
    Thread.new { server.accept.tap { |client| client.puts("socket") }.close }
    puts TCPSocket.new("127.0.0.1", server.addr[1]).read
    p IO.popen([RbConfig.ruby, "-rjson", "-ropenssl", "-e", "print JSON.generate([Process.uid])"], &:read), $?.exitstatus
    p Process.wait2(fork { exit!(7) })[1].exitstatus
  RUBY
  ANSWER = "65534\nfalse\n\"2d71\"\n[[\"a\", [1]]]\n\"2\"\nsocket\n\"[65534]\"\n0\n7\n"

  def test_with_and_without_proc
    pack_script(SCRIPT)
    root = machine
    assert_there root, ANSWER
    mount("-t", "proc", "proc", "#{root}/proc")
    assert_there root, ANSWER
    # Files in memory do without any directory that can be written, or executed from.
    mount("-t", "tmpfs", "-o", "noexec,mode=1777", "tmpfs", "#{root}/tmp")
    mount("--bind", root, root)
    system("mount", "-o", "remount,ro,bind", root) || skip("remounting is not allowed here")
    mount("-t", "proc", "proc", "#{root}/proc")
    assert_there root, ANSWER
  end

  def test_where_nothing_can_be_loaded
    pack_script(SCRIPT)
    root = machine
    File.chmod(0o555, "#{root}/tmp")
    assert_failure run_there(root), 126, %r{/program: .*without /proc, it takes a directory for temporary files}
  end

  def test_gems_with_extensions
    need_bundler
    write({ "Gemfile" => "source 'https://rubygems.org'\ngem 'puma'\ngem 'msgpack'\n", "main.rb" => <<~'RUBY' })
      require "puma"
      require "msgpack"
      p MessagePack.unpack(MessagePack.pack([1, "x"])), Puma::Const::PUMA_VERSION.class, Dir.exist?("/usr")
    RUBY
    outcome = invfs("pack", "app", "--standalone", "-o", "program", env: { "GEM_HOME" => nil })
    skip "puma or msgpack is not installed: #{outcome.stderr}" unless outcome.status.zero?
    assert_there machine, "[1, \"x\"]\nString\nfalse\n"
  end
end
