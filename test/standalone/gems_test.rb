# frozen_string_literal: true

# Every kind of project, with its gems, packed with Ruby.
require_relative "standalone_helper"
require "rubygems/package"
require "rubygems/user_interaction"

class StandaloneGemsTest < Minitest::Test
  include StandaloneHelper

  ASK = <<~RUBY
    require "leaf"
    gem "leaf"
    puts Leaf::FILE, Gem.loaded_specs["leaf"].version, Gem::Specification.find_by_name("leaf").gem_dir
    puts ENV.values_at("GEM_HOME", "BUNDLE_GEMFILE").compact.grep_v(/nowhere|__invfs__/).inspect
  RUBY
  LEAF = "/__invfs__/gems/gems/leaf-1.0"
  ANSWER = "#{LEAF}/lib/leaf.rb\n1.0\n#{LEAF}\n[]\n".freeze

  def assert_packed(stdout, what, *options, **more)
    @said = pack(what, *options)
    FileUtils.mv(path("home"), path("gone")) if File.exist?(path("home"))
    assert_prints stdout, **more
  ensure
    FileUtils.mv(path("gone"), path("home")) if File.exist?(path("gone"))
  end

  [nil, "--rubygems", "--bundler"].each do |start|
    define_method("test_a_gemfile_#{start}") do
      need_bundler
      install_gem("leaf")
      write({ "Gemfile" => "source 'https://rubygems.org'\ngem 'leaf'\ngem 'json'\n", "main.rb" => ASK })
      assert_packed ANSWER, "app", *start
      gems = start == "--bundler" ? 2 : 1
      assert_match(/\Aapp is a project with a bundle \(Gemfile\)\n#{gems} gems? .*: leaf-1\.0/, @said)
    end
  end

  def test_a_gemspec
    install_gem("leaf")
    write({ "tool.gemspec" => gemspec("tool", needs: { "leaf" => ">= 1" }), "exe/tool" => "#!/usr/bin/env ruby\n#{ASK}p __FILE__\n", "lib/tool.rb" => "" })
    assert_packed "#{ANSWER}\"/__invfs__/gems/gems/tool-1.2/exe/tool\"\n", "app"
  end

  def test_a_gemspec_and_a_gemfile
    need_bundler
    install_gem("leaf")
    write({ "Gemfile" => "source 'https://rubygems.org'\ngemspec\n", "tool.gemspec" => gemspec("tool", needs: { "leaf" => ">= 1" }),
            "exe/tool" => "#!/usr/bin/env ruby\n#{ASK}puts Gem.loaded_specs['tool'].version", "lib/tool.rb" => "" })
    assert_packed "#{ANSWER}1.2\n", "app"
  end

  def test_a_gem_file_and_the_name_of_a_gem
    install_gem("leaf")
    write({ "tool.gemspec" => gemspec("tool", needs: { "leaf" => ">= 1" }), "exe/tool" => "#!/usr/bin/env ruby\n#{ASK}", "lib/tool.rb" => "" })
    silent = Gem::SilentUI.new
    Dir.chdir(path("app")) { Gem::DefaultUserInteraction.use_ui(silent) { Gem::Package.build(Gem::Specification.load("tool.gemspec")) } }
    assert_packed ANSWER, "app/tool-1.2.gem"
    install_gem("other", "2.0", { "exe/other" => "#!/usr/bin/env ruby\n#{ASK}" }, needs: { "leaf" => ">= 0" }, executables: ["other"])
    assert_packed ANSWER, "other"
  end

  def test_several_gemspecs
    write({ "a.gemspec" => gemspec("a"), "b.gemspec" => gemspec("b") })
    assert_failure invfs("pack", "app", "--standalone", "-o", "program"), 1, /a\.gemspec, b\.gemspec/
  end

  def test_what_the_manifest_asks_for
    write({ "main.rb" => "p Dir.pwd, ENV['MODE']; File.write('log', 'x'); p File.read('/__invfs__/app/log'), Dir.children('.').sort, File.read('data')",
            "data" => "d" })
    pack("app", "--writable", "--chdir", "--env", "MODE=usual")
    answer = "\"/__invfs__/app\"\n\"usual\"\n\"x\"\n[\"data\", \"log\", \"main.rb\"]\n\"d\"\n"
    2.times { assert_prints answer }
    assert_equal "x", File.read(path("state/invfs/app/log"))
    assert_prints answer.sub("usual", "mine"), env: { "MODE" => "mine", "INVFS_WRITABLE" => path("elsewhere") }
    assert_equal "x", File.read(path("elsewhere/log"))
    outcome = run_file(env: { "INVFS_WRITABLE" => "/proc/nothing" })
    assert_failure outcome, 126, %r{/proc/nothing cannot take what the program writes}
  end

  def test_directories_at_their_own_paths
    write({ "a.txt" => "packed", "d/b.txt" => "below" }, "share")
    pack_script("puts File.read('#{path("share")}/a.txt'), Dir.children('#{path("share")}').sort.inspect, File.read('#{path("share")}/d/b.txt')", "--mount", path("share"))
    FileUtils.rm_rf(path("share"))
    assert_prints "packed\n[\"a.txt\", \"d\"]\nbelow\n"
  end

  def test_files_beside_a_script
    write({ "main.rb" => "require_relative 'lib/more'; puts File.read(__dir__ + '/data.txt')", "lib/more.rb" => "puts 'more'", "data.txt" => "data" }, "script")
    pack("script/main.rb", "--add", "script/lib", "--add", "script/data.txt")
    assert_prints "more\ndata\n"
  end
end
