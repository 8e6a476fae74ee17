# frozen_string_literal: true

# zeitwerk, which decorates require and relies on autoload, works with invfs loaded before or after it.
require_relative "program_helper"

class ZeitwerkTest < Minitest::Test
  include ProgramHelper

  FILES = {
    "program.rb" => <<~RUBY,
      loader = Zeitwerk::Loader.new
      loader.push_dir("\#{__dir__}/app")
      loader.enable_reloading
      loader.on_load { |cpath, _, abspath| puts "loaded \#{cpath} from \#{abspath.delete_prefix(__dir__)}" }
      loader.on_unload { |cpath, *| puts "unloaded \#{cpath}" }
      loader.setup
      p Shop::VERSION, Shop::Cart.new.items, Shop::Admin, Shop.autoload?(:Order)
      p Object.const_source_location("Shop::Cart").last, Shop::Admin::Panel.new.to_s
      File.write("\#{__dir__}/app/shop/cart.rb", "class Shop::Cart; def items = [:new]; end")
      first = Shop::Cart
      loader.reload
      p Shop::Cart.new.items, first.equal?(Shop::Cart)
      loader.eager_load
      p Shop::Order::TOTAL, loader.respond_to?(:all_expected_cpaths)
      begin
        Shop::Wrong
      rescue NameError => e
        p e.class, e.message
      end
      p require("\#{__dir__}/app/shop/order.rb"), require_relative("app/shop")
      threads = 8.times.map { Thread.new { Shop::Slow::OBJECT.object_id } }
      p threads.map(&:value).uniq.size
    RUBY
    "app/shop.rb" => "module Shop\n  VERSION = '1'\nend\n",
    "app/shop/cart.rb" => "class Shop::Cart\n  def items = [Shop::Order::TOTAL]\nend\n",
    "app/shop/order.rb" => "class Shop::Order\n  TOTAL = 3\nend\n",
    "app/shop/slow.rb" => "module Shop::Slow\n  Thread.pass\n  OBJECT = Object.new\nend\n",
    "app/shop/admin/panel.rb" => "class Shop::Admin::Panel\n  def to_s = __FILE__\nend\n"
  }.freeze

  def setup
    need_gem "zeitwerk", "ruby-zeitwerk"
  end

  def test_invfs_first
    assert_unchanged_by_invfs("-rzeitwerk", "program.rb", files: FILES, prints: /unloaded Shop.*\[:new\].*^1$/m)
  end

  def test_zeitwerk_first
    assert_unchanged_by_invfs("program.rb", before: ["-rzeitwerk"], files: FILES, prints: /unloaded Shop.*^1$/m)
  end

  def test_with_bootsnap_on_top
    need_gem "bootsnap", "ruby-bootsnap"
    need_gem "msgpack", "ruby-msgpack"
    setup = <<~RUBY
      require "msgpack" # bootsnap itself cannot activate it once its cache of the load path is at work
      require "bootsnap"
      Bootsnap.setup(cache_dir: "\#{__dir__}/cache", development_mode: true, load_path_cache: true,
                     compile_cache_iseq: true, compile_cache_yaml: false)
    RUBY
    assert_unchanged_by_invfs("-r./bootsnap_setup", "-rzeitwerk", "program.rb", times: 1,
                              files: FILES.merge("bootsnap_setup.rb" => setup), prints: /unloaded Shop.*^1$/m)
  end
end
