# frozen_string_literal: true

# Ruby programs that a packed program starts.
require_relative "project_helper"

class RunChildrenTest < Minitest::Test
  include ProjectHelper

  def setup
    super
    skip "there are no mounts here" unless InVFS.transparent?
  end

  MAIN = <<~'RUBY'
    #!/usr/bin/env ruby
    require "leaf"
    $stdout.sync = true
    case ARGV.shift
    when nil
      system(RbConfig.ruby, "#{__dir__}/bin/child", "1")
      system("#{__dir__}/bin/child", "2")
      system(RbConfig.ruby, "-e", "puts File.read(ARGV[0]), defined?(Leaf).inspect", "#{__dir__}/note.txt")
      exec(RbConfig.ruby, $0, "again", "x")
    when "again"
      puts "again #{ARGV.inspect} #{$0 == __FILE__} #{Leaf::FILE.delete_prefix(Dir.pwd)}"
    end
  RUBY

  FILES = {
    "Gemfile" => "source 'https://rubygems.org'\ngem 'leaf'\n", "main.rb" => MAIN, "note.txt" => "a note\n",
    "bin/child" => "#!/usr/bin/env ruby\nrequire 'rbconfig'\nrequire 'leaf'\nputs \"child \#{ARGV} \#{defined?(Bundler).inspect} \#{Gem.loaded_specs['leaf'].version}\"\n"
  }.freeze

  def expected(bundler, note = "a note")
    [%w[1], %w[2]].map { |arguments| "child #{arguments} #{bundler} 1.0\n" }.join + "#{note}\nnil\nagain [\"x\"] true /packed.zip/gems/gems/leaf-1.0/lib/leaf.rb\n"
  end

  [nil, "--flat", "--rubygems", "--bundler"].each do |start|
    define_method("test_children_find_the_gems_#{start}") do
      need_bundler
      install_gem("leaf")
      write(FILES)
      File.chmod(0o755, path("app/bin/child"))
      assert_runs expected(start == "--bundler" ? "\"constant\"" : "nil"), "app", *start
    end
  end

  def test_children_see_what_was_written
    need_bundler
    install_gem("leaf")
    write(FILES.merge("main.rb" => MAIN.sub("when nil\n", "when nil\n  File.write(\"\#{__dir__}/note.txt\", \"changed\\n\")\n")))
    File.chmod(0o755, path("app/bin/child"))
    assert_runs expected("nil", "changed"), "app", "--writable"
  end

  # Scripts on disk have nothing to do with the packed gems.
  def test_a_script_outside
    write({ "main.rb" => "require 'rbconfig'; system(RbConfig.ruby, ARGV[0], __dir__)" })
    File.write(path("outside.rb"), "puts defined?(Gem::Specification), $:.grep(/packed/).size, Dir.children(ARGV[0]).sort.inspect\n")
    pack(out: "packed.zip")
    assert_success invfs("run", "packed.zip", path("outside.rb")), "constant\n0\n[\"main.rb\"]\n"
  end
end
