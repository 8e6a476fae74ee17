# frozen_string_literal: true

# Programs as people ship them, from the gems of this machine.
require_relative "standalone_helper"

class StandaloneInstalledProgramsTest < Minitest::Test
  include StandaloneHelper

  def home = { "XDG_STATE_HOME" => path("state") }

  def need(*gems)
    gems.each do |name|
      Gem::Specification.find_by_name(name)
    rescue Gem::MissingSpecError
      skip "the gem #{name} is not installed"
    end
  end

  def test_rubocop
    need "rubocop"
    pack("rubocop", out: "checker")
    version = Gem::Specification.find_by_name("rubocop").version
    assert_prints "#{version}\n", "--version", file: path("checker")
    write({ "bad.rb" => "x = 'a'\n" }, "code")
    outcome = run_file("--cache", "false", "--format", "emacs", "code", file: path("checker"))
    assert_equal 1, outcome.status, outcome
    assert_match(%r{bad\.rb:1:1: W: .*Lint/UselessAssignment}, outcome.stdout)
  end

  SERVER = <<~'RUBY'
    require "sinatra/base"
    require "puma"
    require "puma/server"
    require "net/http"
    class App < Sinatra::Base
      set :root, __dir__
      set :environment, :production
      get("/") { @name = params[:name]; erb :index }
    end
    server = Puma::Server.new(App)
    server.add_tcp_listener("127.0.0.1", 0)
    server.run
    puts Net::HTTP.get(URI("http://127.0.0.1:#{server.connected_ports.first}/?name=packed"))
    server.stop(true)
    puts $".grep(/puma_http11/)
  RUBY

  def test_sinatra_and_puma
    need_bundler
    need "sinatra", "puma"
    write({ "Gemfile" => "source 'https://rubygems.org'\ngem 'sinatra'\ngem 'puma'\n", "app.rb" => SERVER, "views/index.erb" => "Hello <%= @name %>" })
    pack("app")
    assert_prints %r{\AHello packed\n/__invfs__/gems/\S+/puma_http11\.so\n\z}
  end

  # Extensions that need libraries of the system: libxml2, and what that needs.
  def test_nokogiri_and_msgpack
    need_bundler
    need "nokogiri", "msgpack"
    write({ "Gemfile" => "source 'https://rubygems.org'\ngem 'nokogiri'\ngem 'msgpack'\n", "main.rb" => <<~'RUBY' })
      require "nokogiri"
      require "msgpack"
      puts Nokogiri::XML("<a><b>text</b></a>").at("b").text, MessagePack.unpack(MessagePack.pack([1, "x"])).inspect
      puts File.read("/proc/self/maps").scan(%r{/\S*/libxml2\S*}).uniq.reject { |path| path.start_with?("/memfd") }.inspect
    RUBY
    pack("app")
    assert_prints "text\n[1, \"x\"]\n[]\n"
  end
end
