# frozen_string_literal: true

# A script that is packed with Ruby behaves as it does on disk.
require_relative "standalone_helper"

class StandaloneScriptTest < Minitest::Test
  include StandaloneHelper

  # What a script does when its first argument says so. Packed once for all of these tests.
  SCRIPT = <<~'RUBY'
    case ARGV.shift
    when "paths" then p $0, __FILE__, __dir__, $0 == __FILE__, ARGV, DATA.read, $:, File.realpath(__FILE__)
    when "exit" then exit 42
    when "abort" then abort "bye"
    when "kill" then Process.kill("KILL", $$)
    when "trap" then trap("TERM") { puts "got it" }; Process.kill("TERM", $$); sleep 0.01
    when "pipe" then p Signal.trap("PIPE", "DEFAULT")
    when "raise"
      at_exit { puts "at exit" }
      raise ArgumentError, "no"
    when "deep"
      def deep(n) = deep(n + 1)
      [-> { deep(0) }, -> { Fiber.new { deep(0) }.resume }, -> { Thread.new { Thread.current.report_on_exception = false; deep(0) }.join }].each do |way|
        begin
          way.call
        rescue SystemStackError
          puts "SystemStackError"
        end
      end
    when "collect"
      GC.stress = true
      list = Array.new(20) { |i| "string #{i}" }
      GC.stress = false
      GC.compact
      p list.last, ObjectSpace.garbage_collect
    when "ractor"
      require "set"
      p Set[1], Ractor.new { Set[1, 2].sum }.take
    when "threads" then p Array.new(8) { |i| Thread.new { require "json"; JSON.generate([i]) } }.map(&:value)
    when "fork"
      pids = Array.new(10) { |i| fork { exit!(File.exist?(__FILE__) && JSON ? i : 99) } } if require("json")
      p pids.map { |pid| Process.wait2(pid)[1].exitstatus }
    when "daemon"
      Process.daemon(true, true)
      File.write(ARGV[0], File.read(__FILE__).bytesize.to_s)
    when "environment" then p ENV.values_at("RUBYOPT", "RUBYLIB", "GEM_HOME"), $VERBOSE, $:, ENV.keys.grep(/INVFS|LD_/)
    when "descriptors" then p File.open(File::NULL).fileno < 20
    when "close"
      (3..1000).each { |n| IO.for_fd(n).close rescue nil }
      others = Array.new(10) { File.open("/etc/passwd") }
      require "json"
      p JSON.generate([1]), File.size(__FILE__) == File.read(__FILE__).bytesize, others.map { |other| other.read(4) }.uniq
    when "title"
      Process.setproctitle("another title")
      puts File.read("/proc/self/cmdline").delete("\0").strip
    when "write"
      begin
        File.write("#{__dir__}/new", "x")
      rescue SystemCallError => e
        p e.class
      end
      File.write("relative", "x")
      p File.exist?("relative")
    when "again" then ARGV[0] ? puts("again #{ARGV}") : exec("/proc/self/exe", "again", "x")
    when "covered"
      require "coverage"
      Coverage.start
      require "set"
      p Coverage.result.keys.map { |path| File.basename(path) }
    when "looks"
      path = "/__invfs__/lib/set.rb"
      text = File.read(path)
      looks = -> { File.open(path, File::RDONLY | File::NONBLOCK) }
      p looks[].size == text.bytesize, looks[].stat.file?, looks[].read == text, looks[].pread(3, 2) == text[2, 3]
      IO.pipe { |from, to| p IO.copy_stream(looks[], to, 100), from.readpartial(100) == text[0, 100] }
      p Process.wait2(fork { exit!(looks[].read == text ? 7 : 1) })[1].exitstatus
    when "late" then p defined?(Gem), defined?(RbConfig), RbConfig::CONFIG["MAJOR"], Gem::Version.new("1.10") > Gem::Version.new("1.9"), Gem.loaded_specs, Gem.path
    when "default gem"
      p gem("json"), Gem::Specification.find_by_name("json").name, require("json")
    when "part" then p require(ARGV[0]), Gem::Specification.name
    when "libraries"
      require "openssl"; require "psych"; require "socket"; require "zlib"; require "fiddle"; require "ripper"; require "date"
      require "strscan"; require "net/http"; require "securerandom"; require "tempfile"; require "etc"; require "io/console"
      p OpenSSL::Digest::SHA256.hexdigest("x")[0, 8], Psych.load("a: [1]"), Zlib::Inflate.inflate(Zlib::Deflate.deflate("z")),
        Ripper.sexp("1")[0], Date.new(2020, 1, 2).to_s, StringScanner.new("0.11e1").scan(/.*/), "あ".encode("EUC-JP").bytes, "\u00e9".unicode_normalize(:nfd).size
      server = TCPServer.new("127.0.0.1", 0)
      Thread.new { server.accept.tap { |client| client.puts("over the socket") }.close }
      puts TCPSocket.new("127.0.0.1", server.addr[1]).read
      p Fiddle.dlopen("libz.so.1").class
    when "children"
      ruby = RbConfig.ruby
      p ruby, Gem.ruby == ruby, File.executable?(ruby)
      p IO.popen([ruby, "-rjson", "-e", "print JSON.generate([ARGV, $0, RUBY_VERSION == '#{RUBY_VERSION}', defined?(Gem)])", "a"], &:read)
      p system(ruby, "-e", "exit 3"), $?.exitstatus, system("#{ruby} -e abort"), $?.exitstatus
      p IO.popen([[ruby, "another name"], "-e", "print ARGV", "a"], &:read), system([ruby, "another name"], "-e", "exit 4"), $?.exitstatus
      p IO.popen([ruby, __FILE__, "exit"], &:read), $?.exitstatus
      p IO.popen([ruby, "-ne", "print $_.upcase"], "r+") { |io| io.write("x\n"); io.close_write; io.read }
      p IO.popen([ruby, "-e", "puts Dir.children('/proc/self/fd').size"], &:read) == IO.popen([ruby, "-e", "exec RbConfig.ruby, '-e', 'puts Dir.children(%q(/proc/self/fd)).size'"], &:read)
      pid = fork { exec(ruby, "-e", "exit 5") }
      p Process.wait2(pid)[1].exitstatus
    when "directory" then p Dir.pwd, ENV.key?("INVFS_CWD")
    when "directories"
      show = [RbConfig.ruby, "-e", 'p Dir.pwd, ENV.key?("INVFS_CWD")']
      again = ["/proc/self/exe", "directory"]
      [show, again].each do |command|
        puts IO.popen(command, chdir: __dir__, &:read), IO.popen(command, chdir: "/", &:read)
        Dir.chdir(__dir__) { puts IO.popen(command, &:read), IO.popen(command, chdir: "/", &:read) }
      end
      Dir.chdir(__dir__)
      $stdout.flush
      exec(*show)
    when "certificates" then require "openssl"; p OpenSSL::X509::Store.new.tap(&:set_default_paths).class, ENV["SSL_CERT_FILE"]
    end
    __END__
    data
  RUBY

  class << self
    # The file, made by the first test.
    attr_accessor :program
  end

  def program
    self.class.program ||= begin
      directory = Dir.mktmpdir("invfs-standalone")
      Minitest.after_run { FileUtils.rm_rf(directory) }
      pack_script(SCRIPT, out: "#{directory}/program")
      "#{directory}/program"
    end
  end

  def ask(*arguments, **options) = run_file(*arguments, file: program, **options)

  def assert_answer(stdout, *arguments, **options) = assert_prints(stdout, *arguments, file: program, **options)

  def test_paths
    at = "/__invfs__/app/main.rb"
    lines = [at, at, "/__invfs__/app", true, ["a", "-x", "--version"], "data\n", %w[/__invfs__/boot/rubygems /__invfs__/lib /__invfs__/arch], at]
    assert_answer lines.map { |line| "#{line.inspect}\n" }.join, "paths", "a", "-x", "--version"
  end

  def test_how_it_ends
    assert_equal [42, "KILL"], [ask("exit").status, ask("kill").status]
    aborted = ask("abort")
    assert_equal ["bye\n", 1], [aborted.stderr, aborted.status]
    raised = ask("raise")
    assert_equal ["at exit\n", "/__invfs__/app/main.rb:10:in `<main>': no (ArgumentError)\n", 1],
                 [raised.stdout, raised.stderr.sub("'<main>'", "`<main>'"), raised.status]
    assert_answer "got it\n", "trap"
    assert_answer RubyProcess.run("-e", 'p Signal.trap("PIPE", "DEFAULT")').stdout, "pipe"
  end

  def test_the_machine_of_ruby
    assert_answer "SystemStackError\n" * 3, "deep"
    assert_answer "\"string 19\"\nnil\n", "collect"
    assert_answer "#{Array.new(8) { |i| "[#{i}]" }}\n", "threads"
    ractors = ask("ractor")
    assert_equal ["#<Set: {1}>\n3\n", 0], [ractors.stdout, ractors.status], ractors
    assert_answer "#{Array.new(10) { |i| i }}\n", "fork"
  end

  def test_a_daemon_still_has_its_files
    assert_answer "", "daemon", path("done")
    sleep 0.01 until File.size?(path("done"))
    assert_equal SCRIPT.bytesize.to_s, File.read(path("done"))
  end

  def test_the_environment_of_another_ruby_changes_nothing
    others = { "RUBYOPT" => "-w -rnothing_here", "RUBYLIB" => path("other"), "GEM_HOME" => path("other"), "BUNDLE_GEMFILE" => path("none"),
               "RUBYGEMS_GEMDEPS" => path("none"), "INVFS_PER_MINOR" => nil }
    write({ "json.rb" => "raise 'another json'" }, "other")
    values = [others["RUBYOPT"], others["RUBYLIB"], others["GEM_HOME"]]
    load_path = %w[/__invfs__/boot/rubygems /__invfs__/lib /__invfs__/arch]
    assert_answer "#{values}\nfalse\n#{load_path}\n[]\n", "environment", env: others
    assert_answer "#{Array.new(8) { |i| "[#{i}]" }}\n", "threads", env: others
    assert_answer(/\A"expression"|"constant"|nil/, "late", env: others)
  end

  def test_descriptors_are_those_that_programs_expect
    assert_answer "true\n", "descriptors"
    assert_answer "\"[1]\"\ntrue\n[\"root\"]\n", "close"
  end

  def test_a_working_directory_of_the_program_goes_with_it
    here = "\"/__invfs__/app\"\nfalse\n"
    outside = "\"/\"\nfalse\n"
    assert_answer "#{(here + outside) * 4}#{here}", "directories"
  end

  def test_encodings_are_those_of_the_locale
    text = 'p Encoding.default_external, Encoding.find("locale"), Encoding.find("filesystem"), ENV["HOME"].encoding'
    program = path("encodings")
    pack_script(text, out: program)
    %w[C C.UTF-8 none].each do |locale|
      env = { "LC_ALL" => locale, "LANG" => nil }
      assert_prints RubyProcess.run("-e", text, env: env).stdout, file: program, env: env
    end
  end

  def test_title
    assert_answer "another title\n", "title", "some", "long", "arguments", "to", "make", "room"
  end

  def test_files_of_the_program_cannot_be_changed
    assert_answer "Errno::EROFS\ntrue\n", "write"
  end

  def test_it_can_execute_itself
    assert_answer "again [\"x\"]\n", "again"
  end

  def test_coverage_counts_lines_of_packed_files
    assert_answer "[\"set.rb\"]\n", "covered"
  end

  # As Ruby opens what it loads, without reading it.
  def test_a_file_that_is_opened_as_ruby_does
    assert_answer "true\ntrue\ntrue\ntrue\n100\ntrue\n7\n", "looks"
  end

  def test_rubygems_comes_when_it_is_asked_for
    assert_answer %("expression"\n"expression"\n"#{RbConfig::CONFIG["MAJOR"]}"\ntrue\n{}\n["/__invfs__/gems"]\n).gsub("expression", "constant"), "late"
    assert_answer "true\n\"json\"\ntrue\n", "default gem"
    %w[rubygems rubygems/specification rubygems/version rubygems/package rubygems/security rubygems/dependency_list].each do |part|
      assert_answer "true\n\"Gem::Specification\"\n", "part", part
    end
  end

  def test_the_standard_library_and_its_libraries
    expected = ["2d711642", { "a" => [1] }, "z", :program, "2020-01-02", "0.11e1", [164, 162], 2].map { |value| "#{value.inspect}\n" }.join
    assert_answer "#{expected}over the socket\nFiddle::Handle\n", "libraries"
  end

  def test_child_processes_are_the_file_itself
    ruby = "/__invfs__/bin/ruby"
    expected = [ruby, true, true, '[["a"],"-e",true,"constant"]', false, 3, false, 1, '["a"]', false, 4, "", 42, "X\n", true, 5]
    assert_answer expected.map { |value| "#{value.inspect}\n" }.join, "children"
  end

  def test_certificates_are_those_of_the_machine
    require "openssl"
    there = [OpenSSL::X509::DEFAULT_CERT_FILE, OpenSSL::X509::DEFAULT_CERT_DIR].any? { |path| File.exist?(path) }
    found = %w[/etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt].find { |path| File.file?(path) }
    assert_answer "OpenSSL::X509::Store\n#{(there ? nil : found).inspect}\n", "certificates",
                  env: { "SSL_CERT_FILE" => nil, "SSL_CERT_DIR" => nil }
    assert_answer "OpenSSL::X509::Store\n\"/mine\"\n", "certificates", env: { "SSL_CERT_FILE" => "/mine" }
  end

  # Its name does not matter, nor how it was found.
  def test_where_the_file_is
    FileUtils.mkdir_p([path("bin"), path("gone")])
    FileUtils.cp(program, path("bin/renamed"))
    File.symlink("bin/renamed", path("link"))
    assert_prints "", "none", file: path("link")
    assert_prints "", "none", file: "./link"
    assert_prints "", "none", file: "renamed", env: { "PATH" => "#{path("bin")}:#{ENV.fetch("PATH")}" }
    script = "cd gone && rmdir ../gone && exec ../bin/renamed exit"
    assert_equal 42, RubyProcess.command(["sh", "-c", "cd #{path("gone")} && rmdir #{path("gone")} && exec #{path("bin/renamed")} exit"]).status, script
  end
end
