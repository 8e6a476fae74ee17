# frozen_string_literal: true

# Standard output and child programs that write to a file system written in Ruby.
require_relative "support"

class RubyFileSystemStandardStreamsTest < RubyFileSystems::Test
  STORE = <<~'RUBY'
    $store = {}
    InVFS.mount("/w") do |op, path, contents: nil, **|
      case op
      when :read then $store[path]
      when :write then $store[path] = contents
      end
    end
    # Says what the store holds, past whatever standard output is.
    TOLD = IO.for_fd(IO.sysopen("/proc/self/fd/#{$stdout.fileno}", "a"), "a")
    def tell = TOLD.syswrite("#{$store.inspect}\n")
  RUBY

  def told(code) = program(STORE + code)

  def assert_told(expected, outcome)
    assert_equal ["#{expected.inspect}\n", "", 0], [outcome.stdout.lines.last.to_s, outcome.stderr, outcome.status], outcome
  end

  def test_standard_output_that_comes_back
    assert_told({ "/out" => "printed\n" }, told(<<~'RUBY'))
      out = $stdout.dup
      $stdout.reopen("/w/out", "w")
      puts "printed"
      $stdout.reopen(out)
      tell
    RUBY
  end

  def test_standard_output_at_the_end
    outcome = program(<<~'RUBY')
      told = IO.for_fd(IO.sysopen("/proc/self/fd/1", "a"), "a")
      InVFS.mount("/w") { |op, path, contents: nil, **| op == :write && told.syswrite("#{path} #{contents}") }
      $stdout.reopen("/w/out", "w")
      $stderr.reopen($stdout)
      fork { $stdout.syswrite("child,") }
      Process.wait
      system("echo program,")
      at_exit { print "last" }
    RUBY
    assert_equal ["/out child,program,\nlast", ""], [outcome.stdout, outcome.stderr]
  end

  def test_one_file_after_another
    assert_told({ "/a" => "1", "/b" => "2", "/c" => "3" }, told(<<~'RUBY'))
      out = $stdout.dup
      %w[a b c].each.with_index(1) { |name, n| $stdout.reopen("/w/#{name}", "w") && print(n) }
      $stdout.reopen(File::NULL, "w")
      tell
    RUBY
  end

  def test_a_child_program_that_writes
    assert_told({ "/out" => "from a child\n" }, told(<<~'RUBY'))
      system("echo from a child", out: "/w/out")
      raise unless File.read("/w/out") == "from a child\n"
      tell
    RUBY
  end

  def test_a_child_program_that_goes_on_writing
    assert_told({ "/out" => "1\n2\n" }, told(<<~'RUBY'))
      reader, writer = IO.pipe
      child = spawn("echo 1; read line; echo 2", in: reader, out: "/w/out")
      sleep 0.01 until File.exist?("/w/out") && File.read("/w/out") == "1\n"
      writer.puts
      Process.wait(child)
      File.exist?("/w/out")
      tell
    RUBY
  end

  def test_dup2_and_numbers_that_others_get
    store = RubyFileSystems::Store.new
    root = mount(store)
    file = File.open("#{root}/a", "w")
    other = File.open(File::NULL, "w")
    other.reopen(file)
    file.write("1")
    file.close
    other.write("2")
    other.reopen(File::NULL)
    assert_equal({ "/a" => "12" }, store.files)
    store.files.clear
    20.times.map { File.open(File::NULL) }.each(&:close)
    assert_empty store.files
    other.close
  end
end
