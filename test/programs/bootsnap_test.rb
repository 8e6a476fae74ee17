# frozen_string_literal: true

# bootsnap, which replaces require and load too, works with invfs loaded before or after it, with a cold and a warm
# cache.
require_relative "program_helper"

class BootsnapTest < Minitest::Test
  include ProgramHelper

  FILES = {
    "bootsnap_setup.rb" => <<~RUBY,
      require "msgpack" # bootsnap itself cannot activate it once its cache of the load path is at work
      require "bootsnap"
      %w[one two].each { |name| $:.unshift("\#{__dir__}/\#{name}") }
      Bootsnap.setup(cache_dir: "\#{__dir__}/cache", development_mode: true, load_path_cache: true,
                     compile_cache_iseq: true, compile_cache_yaml: true)
    RUBY
    "program.rb" => <<~RUBY,
      p require("first"), require("first"), First
      p require("only_two"), require("\#{__dir__}/three/absolute"), require_relative("three/absolute")
      p $".select { |path| path.start_with?(__dir__) }.map { |path| path.delete_prefix(__dir__) }
      $:.unshift("\#{__dir__}/three")
      p require("deep/er")
      p load("two/only_two.rb"), load("\#{__dir__}/two/only_two.rb")
      autoload :Lazy, "lazy"
      p Lazy
      begin
        require "nowhere_to_be_found"
      rescue LoadError => e
        p e.class, e.message, e.path
      end
      begin
        require "broken"
      rescue SyntaxError => e
        p e.class
      end
      require "yaml"
      p YAML.load_file("\#{__dir__}/data.yml")
      File.write("\#{__dir__}/two/made_later.rb", "p :made_later")
      p require("made_later")
      p $".delete("\#{__dir__}/one/first.rb"), require("first")
    RUBY
    "one/first.rb" => "First = 'one' unless defined?(First)\n", "two/first.rb" => "First = 'two'\n",
    "two/only_two.rb" => "puts __FILE__\n", "two/lazy.rb" => "Lazy = __FILE__\n", "two/broken.rb" => "def\n",
    "three/absolute.rb" => "puts __method__.inspect, __dir__\n", "three/deep/er.rb" => "puts __FILE__\n",
    "data.yml" => "- a\n- {b: c}\n"
  }.freeze

  def setup
    need_gem "bootsnap", "ruby-bootsnap"
    need_gem "msgpack", "ruby-msgpack"
  end

  def test_invfs_first
    assert_unchanged_by_invfs("-r./bootsnap_setup", "program.rb", files: FILES, times: 2, prints: /:made_later/)
  end

  def test_bootsnap_first
    assert_unchanged_by_invfs("program.rb", before: ["-r./bootsnap_setup"], files: FILES, times: 2,
                              prints: /:made_later/)
  end
end
