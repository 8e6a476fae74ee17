# frozen_string_literal: true

# A Sinatra application with puma, whose native extension is in the archive, too.
require_relative "packed_program"

class PackedSinatraTest < Minitest::Test
  include PackedProgram

  FILES = {
    "Gemfile" => "source 'https://rubygems.org'\ngem 'sinatra'\ngem 'puma'\n",
    "app.rb" => <<~RUBY,
      require "sinatra/base"

      class Shop < Sinatra::Base
        set :root, __dir__
        get("/") { erb :index, locals: { name: params["name"] } }
        get("/features") { $".grep(%r{/(?:puma_http11|sinatra/base)\\.}).sort.join("\\n") }
      end
    RUBY
    "views/index.erb" => "<h1>Hello, <%= name %>!</h1>\n",
    "public/style.css" => "h1 { color: green }\n"
  }.freeze

  def setup
    need_gem("sinatra", "ruby-sinatra")
    need_gem("puma", "puma")
    super
  end

  # puma starts config.ru; or a main script of its own does.
  def test_config_ru
    said = pack(FILES.merge("lib/x.rb" => "", "config.ru" => "require_relative 'app'\nrun Shop\n"))
    assert_match(/gems \(the load path is in the archive\): .*\bpuma-.*\bsinatra-/, said)
    pages("-b", "tcp://127.0.0.1:0", "-e", "production")
  end

  def test_a_main_script
    main = "require 'puma'\nrequire 'puma/cli'\nrequire_relative 'app'\nPuma::CLI.new(ARGV).run\n"
    pack(FILES.merge("main.rb" => main, "config.ru" => "run Shop\n"), "--bundler", "--compile")
    pages("-b", "tcp://127.0.0.1:0", "-e", "production")
  end

  private

  def pages(*arguments)
    serve(*arguments) do |address|
      assert_equal "<h1>Hello, Ruby!</h1>\n", Net::HTTP.get(URI("#{address}/?name=Ruby"))
      assert_equal FILES["public/style.css"], Net::HTTP.get(URI("#{address}/style.css"))
      features = Net::HTTP.get(URI("#{address}/features")).lines(chomp: true)
      assert_operator features.size, :>=, 2
      features.each { |feature| assert feature.start_with?("#{@dir}/shop.zip/gems/"), feature }
    end
  end
end
