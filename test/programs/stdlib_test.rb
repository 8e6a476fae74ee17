# frozen_string_literal: true

# Ruby's own libraries, including some with native extensions, load and work as they do without invfs.
require_relative "program_helper"

class StdlibTest < Minitest::Test
  include ProgramHelper

  def test_optparse
    assert_unchanged_by_invfs("-roptparse", "-e", <<~'RUBY', "--", "-n", "3", "rest", prints: /\A\{:?n/)
      options = {}
      rest = OptionParser.new { |o| o.on("-n N", Integer) { |n| options[:n] = n } }.parse(ARGV)
      p options, rest
      begin
        OptionParser.new.parse(["--nope"])
      rescue OptionParser::InvalidOption => e
        puts e.message
      end
    RUBY
  end

  def test_json_and_yaml
    assert_unchanged_by_invfs("-rjson", "-ryaml", "-e", <<~'RUBY', prints: /^\{"a":\[1,null,"é"\]\}$/)
      data = JSON.parse('{"a": [1, null, "é"]}')
      puts JSON.generate(data), YAML.dump(data), YAML.load("- 1\n- [x, y]").inspect
      begin
        JSON.parse("{")
      rescue JSON::ParserError => e
        p e.class
      end
    RUBY
  end

  def test_openssl_and_digest
    assert_unchanged_by_invfs("-ropenssl", "-rdigest", "-e", <<~'RUBY', prints: /\A2cf24dba/)
      puts Digest::SHA256.hexdigest("hello"), OpenSSL::Digest.hexdigest("SHA512", "hello")
      p OpenSSL::SSL::SSLContext.new.verify_mode, Digest::MD5.file(RbConfig.ruby).hexdigest.size
    RUBY
  end

  def test_net_http_against_a_server_of_its_own
    assert_unchanged_by_invfs("-rnet/http", "-rsocket", "-e", <<~'RUBY', prints: /\A"200"\n"hello"\n/)
      server = TCPServer.new("127.0.0.1", 0)
      Thread.new do
        client = server.accept
        nil until client.gets == "\r\n"
        client.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")
        client.close
      end
      answer = Net::HTTP.start("127.0.0.1", server.addr[1], nil) { |http| http.get("/") }
      p answer.code, answer.body
    RUBY
  end

  def test_a_pile_of_libraries
    libraries = %w[abbrev benchmark bigdecimal cgi date delegate erb etc fiddle fileutils find forwardable io/console
                   io/wait logger monitor objspace observer open3 open-uri ostruct pathname pp prettyprint pstore psych
                   racc/parser readline resolv ripper securerandom set shellwords singleton socket stringio strscan
                   tempfile time timeout tmpdir tsort un uri weakref yaml zlib]
    assert_unchanged_by_invfs("-e", <<~'RUBY', "--", *libraries, prints: /^zlib: true, false$/)
      ARGV.each do |name|
        puts "#{name}: #{require name}, #{require name}"
      rescue LoadError => e
        puts "#{name}: #{e.message}"
      end
      puts ($" - $".grep(/invfs/)).size, $".uniq.size == $".size
    RUBY
  end

  def test_command_line_scripts
    assert_unchanged_by_invfs("-n", "-e", "print if /b/", input: "abc\nxyz\nb\n", prints: /\Aabc\nb\n\z/)
    assert_unchanged_by_invfs("-run", "-e", "mkdir", "--", "-v", "made", prints: /\Amkdir made\n\z/)
    assert_unchanged_by_invfs("-s", "program.rb", "-flag", files: { "program.rb" => "p $flag, __FILE__, $0" },
                              prints: /\Atrue\n"program\.rb"/)
    assert_unchanged_by_invfs("-", input: "p __FILE__, require('set')\nputs DATA.read\n__END__\ndata\n",
                              prints: /^data$/)
  end

  def test_relative_code_of_a_program
    files = { "bin/tool" => "require_relative '../lib/tool'\nrequire 'tool/part'\nload 'extra.rb'\np $extra, Tool.go\n",
              "lib/tool.rb" => "$:.unshift(__dir__)\nmodule Tool\nautoload :Late, 'tool/late'\n" \
                               "def self.go = [Late, Part, __dir__]\nend\n",
              "lib/tool/part.rb" => "Tool::Part = __FILE__\n",
              "lib/tool/late.rb" => "Tool::Late = caller_locations.map(&:path).reject { |x| x =~ /<internal/ }.last\n",
              "extra.rb" => "$extra = [__FILE__, self.to_s]\n" }
    assert_unchanged_by_invfs("bin/tool", files: files, prints: %r{lib/tool/part\.rb})
  end

  def test_uncaught_errors_end_a_program_as_always
    files = { "a.rb" => "require_relative 'b'\n", "b.rb" => "def boom = raise(ArgumentError, 'no')\nboom\n" }
    assert_unchanged_by_invfs("a.rb", files: { "a.rb" => "exit 3" }, status: 3)
    assert_unchanged_by_invfs("-e", <<~RUBY, files: files, prints: /ArgumentError/)
      begin
        load "a.rb"
      rescue ArgumentError => e
        puts e.full_message(highlight: false).lines.grep_v(/in .(Kernel#)?(require|load|require_relative)'/)
      end
    RUBY
  end
end
