# frozen_string_literal: true

# What a packed project finds when `invfs run` starts it.
require_relative "project_helper"

class RunProjectTest < Minitest::Test
  include ProjectHelper

  def setup
    super
    skip "there are no mounts here" unless InVFS.transparent?
  end

  def run_packed(*arguments, env: {}, ruby: %w[--disable=gems])
    RubyProcess.run("-w", *ruby, EXE, "run", *arguments, chdir: @dir, env: ENVIRONMENT.merge("XDG_STATE_HOME" => path("state")).merge(env))
  end

  ASK = <<~RUBY
    require "leaf"
    gem "leaf"
    puts Leaf::FILE, Gem.loaded_specs["leaf"].version, Gem.loaded_specs["leaf"].gem_dir, Gem::Specification.find_by_name("leaf").version
    begin
      gem "other"
      Gem::Specification.find_by_name("other")
    rescue Gem::LoadError
      puts "no other"
    end
    require "rbconfig"
    puts RbConfig::CONFIG["ruby_version"], defined?(Bundler).inspect
  RUBY

  # Whoever finds the gems, RubyGems knows the packed ones and no others.
  [nil, "--flat", "--rubygems", "--bundler"].each do |start|
    define_method("test_rubygems_knows_the_gems_#{start}") do
      need_bundler
      install_gem("leaf")
      install_gem("other")
      write({ "Gemfile" => "source 'https://rubygems.org'\ngem 'leaf'\ngem 'json'\n", "main.rb" => ASK })
      gem_dir = "#{path("packed.zip")}/gems/gems/leaf-1.0"
      bundler = start == "--bundler" ? "\"constant\"" : "nil"
      assert_runs "#{gem_dir}/lib/leaf.rb\n1.0\n#{gem_dir}\n1.0\nno other\n#{RbConfig::CONFIG["ruby_version"]}\n#{bundler}\n", "app", *start
      assert_equal [(start || "--flat").delete_prefix("--")], manifest("start")
    end
  end

  def test_bundler_is_chosen_where_it_is_called
    need_bundler
    install_gem("leaf", "1.0", { "lib/leaf.rb" => "puts 'required'" })
    install_gem("late", "1.0", { "lib/late.rb" => "puts 'late'" })
    gemfile = "source 'https://rubygems.org'\ngem 'leaf'\ngem 'late', require: false\n"
    { "require 'bundler/setup'; Bundler.require; puts ENV['RUBYOPT'].match?(/bundle[r]/)" => "bundler", "require 'leaf'; puts ENV['RUBYOPT'].match?(/bundle[r]/)" => "flat",
      "# require 'bundler/setup'\nrequire 'leaf'; puts ENV['RUBYOPT'].match?(/bundle[r]/)" => "flat" }.each do |main, start|
      write({ "Gemfile" => gemfile, "main.rb" => main })
      assert_runs "required\nfalse\n", "app"
      assert_equal [start], manifest("start")
    end
  end

  def test_bundler_finds_a_gem_for_this_platform
    need_bundler
    install_gem("leaf", platform: Gem::Platform.local)
    write({ "Gemfile" => "source 'https://rubygems.org'\ngem 'leaf'\n", "main.rb" => "require 'leaf'; puts Leaf::FILE" })
    assert_runs "#{path("packed.zip")}/gems/gems/leaf-1.0-#{Gem::Platform.local}/lib/leaf.rb\n", "app", "--bundler"
    assert_equal ["leaf 1.0 leaf-1.0-#{Gem::Platform.local}"], manifest("gem").grep(/leaf/)
  end

  # A default gem of another version than that of the Ruby that packed.
  def test_the_lockfile_has_the_default_gems_of_this_ruby
    need_bundler
    write({ "Gemfile" => "source 'https://rubygems.org'\ngem 'json'\n", "main.rb" => "p Gem.loaded_specs['json'].version.to_s" })
    assert_success invfs("pack", "app", "--bundler", "-o", "right.zip")
    skip "json is no default gem here" if manifest("rubys", "right.zip").empty?

    right = InVFS.zip(path("right.zip"))
    version = manifest("rubys", "right.zip")[0][/\S+\z/]
    writer = InVFS::ArchiveWriter.new(path("packed.zip"), nil)
    right.entries.each do |name|
      contents = right.read(name)
      changes = name.match?(/lock|app/) ? { "json #{version}" => "json 0.1", "json (#{version})" => "json (0.1)" } : {}
      changes.each { |from, to| contents = contents.gsub(from, to) }
      writer.add(name, contents, 0o644, 0, ["stored", nil])
    end
    writer.finish
    assert_success run_packed("packed.zip", ruby: []), "#{version.inspect}\n"
  end

  def test_a_bundle_inside_another_bundle
    need_bundler
    write({ "Gemfile" => "", "main.rb" => "require 'bundler/setup'" })
    assert_success invfs("pack", "app", "-o", "packed.zip")
    outcome = run_packed("packed.zip", ruby: %w[-rbundler])
    assert_equal [1, true], [outcome.status, outcome.stderr.include?("it starts with Bundler, which is there already")], outcome
  end

  WRITES = "name = File.join(__dir__, 'count'); File.write(name, (File.exist?(name) ? File.read(name).to_i : 0) + 1); puts File.read(name)"

  def test_what_it_writes_is_there_again
    write({ "main.rb" => WRITES })
    assert_success invfs("pack", "app", "--writable", "-o", "packed.zip")
    %w[1 2].each { |count| assert_success run_packed("packed.zip"), "#{count}\n" }
    assert_equal "2", File.read(path("state/invfs/app/count"))
    assert_equal 0o700, File.stat(path("state/invfs/app")).mode & 0o777
    assert_success run_packed("--writable", "mine/deep", "packed.zip"), "1\n"
    assert_success run_packed("--writable=mine/deep", "packed.zip"), "2\n"
    assert_success run_packed("packed.zip", env: { "XDG_STATE_HOME" => nil, "HOME" => path("user") }), "1\n"
    assert_path_exists path("user/.local/state/invfs/app/count")
  end

  def test_a_temporary_directory_is_removed
    write({ "main.rb" => "#{WRITES}; puts __dir__; fork { exit }; Process.wait; at_exit { puts File.read(File.join(__dir__, 'count')) }" })
    pack(out: "packed.zip")
    outcome = run_packed("packed.zip")
    assert_match(/Read-only file system/, outcome.stderr)
    Dir.mkdir(path("tmp"))
    2.times { assert_success run_packed("--writable", "temporary", "packed.zip", env: { "TMPDIR" => path("tmp") }), "1\n#{path("packed.zip")}\n1\n" }
    assert_empty Dir.children(path("tmp"))
  end

  def test_only_the_project_is_writable
    need_bundler
    install_gem("leaf")
    write({ "Gemfile" => "gem 'leaf'", "main.rb" => "require 'leaf'; #{WRITES}; File.write(Leaf::FILE, '')" })
    pack_and_run("app", "--writable").each_with_index do |outcome, index|
      assert_equal "#{index + 1}\n", outcome.stdout
      assert_match(/Read-only file system/, outcome.stderr)
    end
    assert_equal %w[app], manifest("writable")
  end

  def test_without_a_home
    write({ "main.rb" => WRITES })
    assert_success invfs("pack", "app", "--writable", "-o", "packed.zip")
    assert_failure run_packed("packed.zip", env: { "XDG_STATE_HOME" => nil, "HOME" => "relative" }), 1, /--writable DIR names one/
  end

  def test_the_working_directory
    write({ "main.rb" => "puts Dir.pwd, File.read('data')", "data" => "x" })
    assert_runs "#{path("packed.zip")}\nx\n", "app", "--chdir"
    assert_equal %w[.], manifest("chdir")
  end

  # Whatever the locale is.
  def test_names_that_are_not_ascii
    need_bundler
    install_gem("leaf", "1.0", { "lib/größe.rb" => "puts __FILE__" })
    write({ "Gemfile" => "gem 'leaf'", "größe.rb" => "require 'gr\u00f6\u00dfe'; puts File.basename(Dir.pwd), File.exist?('größe.rb')" }, "äpfel")
    assert_success invfs("pack", "äpfel", "--main", "größe.rb", "--writable", "--chdir", "-o", "ä.zip", env: { "LC_ALL" => "C" })
    ["C", "C.UTF-8"].each do |locale|
      assert_success run_packed("ä.zip", env: { "LC_ALL" => locale }), "#{path("ä.zip")}/gems/gems/leaf-1.0/lib/größe.rb\napp\ntrue\n"
    end
  end

  def test_variables_of_the_environment
    write({ "main.rb" => "puts ENV.values_at('ONE', 'TWO', 'THREE')" })
    assert_success invfs("pack", "app", "--env", "ONE=1", "--env", "TWO=a = b", "--env", "THREE=", "-o", "packed.zip")
    assert_success run_packed("packed.zip", env: { "ONE" => "mine" }), "mine\na = b\n\n"
    assert_failure invfs("pack", "app", "--env", "ONE"), 2, /invalid argument: --env/
  end

  def test_several_commands
    install_gem("leaf", "1.0", { "exe/leaf" => "puts 'leaf', *ARGV" }, executables: ["leaf"])
    install_gem("tool", "1.0", { "exe/one" => "puts 'one', $0", "exe/two" => "puts 'two', *ARGV" }, needs: { "leaf" => ">= 0" }, executables: %w[one two])
    assert_success invfs("pack", "tool", "-o", "packed.zip"), /^no main script: --main names one here/
    assert_failure run_packed("packed.zip"), 1, /no main script; --main names one, -m a command: leaf, one, two/
    assert_success run_packed("-m", "one", "packed.zip"), "one\n#{path("packed.zip")}/gems/gems/tool-1.0/exe/one\n"
    [%w[-mtwo], %w[--command two], %w[--command=two]].each { |how| assert_success run_packed(*how, "packed.zip", "-m", "x"), "two\n-m\nx\n" }
    assert_failure run_packed("-m", "three", "packed.zip"), 1, /there is no command three, -m a command: leaf, one, two/
    %w[leaf two.zip other].each { |name| File.symlink("packed.zip", path(name)) }
    assert_success run_packed("leaf", "a"), "leaf\na\n"
    assert_success run_packed("./two.zip"), "two\n"
    assert_failure run_packed("other"), 1, /no main script/
    assert_success invfs("pack", "tool", "--main", "two", "-o", "packed.zip")
    assert_success run_packed("packed.zip"), "two\n"
  end

  def test_an_executable_that_is_called_like_the_gem
    install_gem("tool", "1.0", { "exe/a" => "", "exe/tool" => "puts 'tool'" }, executables: %w[a tool])
    assert_runs "tool\n", "tool"
  end

  def test_a_config_ru_alone
    need_bundler
    install_gem("rack", "99.0", { "exe/rackup" => "puts 'rackup', Dir.pwd, File.read('config.ru')" }, executables: %w[rackup])
    write({ "Gemfile" => "gem 'rack'", "config.ru" => "run x" })
    assert_runs "rackup\n#{path("packed.zip")}/app\nrun x\n", "app"
  end

  def test_verify_notices_a_script_that_is_missing
    writer = InVFS::ArchiveWriter.new(path("packed.zip"), nil)
    writer.add(".invfs/app", "main main.rb\ncommand x bin/x\n", 0o644, 0, ["stored", nil])
    writer.add("main.rb", "", 0o644, 0, ["stored", nil])
    writer.finish
    outcome = invfs("verify", "packed.zip")
    assert_equal 1, outcome.status
    assert_includes outcome.stderr, 'it names "bin/x" as a script, which is not there'
  end

  def test_where_there_are_no_mounts
    install_gem("leaf")
    install_gem("tool", "1.0", { "exe/tool" => "require 'leaf'; puts Leaf::VERSION, Gem.loaded_specs['leaf'].version" }, needs: { "leaf" => ">= 0" }, executables: %w[tool])
    off = { "RUBY_INVFS_TRANSPARENT" => "0" }
    assert_success invfs("pack", "tool", "-o", "packed.zip")
    assert_success run_packed("packed.zip", env: off), "1.0\n1.0\n"
    { "--rubygems" => "starts with rubygems", "--chdir" => "runs in its own directory" }.each do |option, why|
      assert_success invfs("pack", "tool", option, "-o", "packed.zip")
      assert_failure run_packed("packed.zip", env: off), 1, /packed\.zip: it #{why}, which needs mounts, and here are none/
    end
  end
end
