# frozen_string_literal: true

# What `invfs pack` takes a path for, and that what it packed runs where nothing of it is installed.
require_relative "project_helper"

class ProjectTest < Minitest::Test
  include ProjectHelper

  MAIN = "require 'leaf'; puts \"leaf \#{Leaf::VERSION}\", *ARGV\n"

  def test_a_script
    write({ "hello.rb" => "require 'more'; puts MORE, File.read(\"\#{__dir__}/data/x\"), *ARGV", "lib/more.rb" => "MORE = 1", "data/x" => "data",
            "other" => "" })
    assert_runs(/\A1\ndata\n\z/, "app/hello.rb", "--add", "app/lib", "--add", "app/data/x")
    assert_match(%r{\Aapp/hello\.rb is a script\n}, @said)
    assert_equal %w[.invfs/main data/x hello.rb lib/more.rb], names("packed.zip")
    assert_success invfs("pack", "app/hello.rb"), /^hello\.zip: /
    assert_failure invfs("pack", "app/hello.rb", "--add", "app/hello.rb"), 1, /hello\.rb is there twice/
    assert_failure invfs("pack", "app", "--add", "app/hello.rb"), 1, /app is a directory: --add is for scripts/
  end

  def test_a_directory
    { "main.rb" => {}, "app.rb" => {}, "exe/one" => { "bin/one" => "", "bin/two" => "" }, "bin/one" => {} }.each do |main, others|
      FileUtils.rm_rf(path("app"))
      write({ main => "puts __FILE__" }.merge(others))
      assert_runs "#{path("packed.zip")}/#{main}\n", "app"
      assert_match(/\Aapp is a directory\n/, @said)
      refute_includes names("packed.zip"), ".invfs/app"
    end
  end

  def test_an_installed_gem
    install_gem("leaf")
    install_gem("leaf", "3.0")
    install_gem("tool", "1.0", { "exe/tool" => MAIN, "spec/x.rb" => "", "test/x.rb" => "", "ext/x.c" => "" }, needs: { "leaf" => "< 3" }, executables: ["tool"])
    install_gem("tool", "0.5")
    assert_runs "leaf 1.0\na\n", "tool", arguments: ["a"]
    assert_match(/\Atool is the name of an installed gem\n2 gems \(the load path is in the archive\): tool-1\.0, leaf-1\.0\n/, @said)
    assert_equal %w[.invfs/app gems/gems/leaf-1.0/lib/leaf.rb gems/gems/tool-1.0/exe/tool gems/gems/tool-1.0/lib/tool.rb
                    gems/specifications/leaf-1.0.gemspec gems/specifications/tool-1.0.gemspec], names("packed.zip")
    assert_success invfs("pack", "tool:0.5"), /^1 gem .*: tool-0\.5\n.*^tool\.zip: /m
  end

  def test_a_gem_file
    install_gem("leaf")
    write({ "tool.gemspec" => gemspec("tool", needs: { "leaf" => ">= 0" }), "exe/tool" => MAIN, "lib/tool.rb" => "" })
    assert system("gem", "build", "-q", "tool.gemspec", chdir: path("app"), out: File::NULL, err: File::NULL)
    FileUtils.mkdir(path("one"))
    FileUtils.mv(path("app/tool-1.2.gem"), path("one"))
    ["one", "one/tool-1.2.gem"].each do |what|
      assert_runs "leaf 1.0\n", what
      assert_match(/\A#{what} is the gem tool-1\.2\.gem\n2 gems /, @said)
    end
    assert_success invfs("pack", "one/tool-1.2.gem"), /^tool\.zip: /
  end

  def test_a_gemspec
    install_gem("leaf")
    write({ "tool.gemspec" => gemspec("tool", needs: { "leaf" => ">= 0" }), "exe/tool" => MAIN, "lib/tool.rb" => "", "lib/built.so" => "x",
            "notes" => "" }, "tool")
    %w[tool tool/tool.gemspec].each do |what|
      assert_runs "leaf 1.0\n", what
      assert_match(/\A#{what} is a gem \(tool\.gemspec\)\n/, @said)
      assert_equal %w[exe/tool lib/built.so lib/tool.rb], names("packed.zip").grep(/tool-1.2/).filter_map { |name| name[%r{gems/tool-1.2/(.*)}, 1] }
    end
  end

  def test_a_gemspec_that_lists_no_files
    write({ "tool.gemspec" => gemspec("tool", files: "[]"), "exe/tool" => "require 'tool'; p TOOL", "lib/tool.rb" => "TOOL = 1", "test/x.rb" => "" })
    assert_runs "1\n", "app"
    refute_includes names("packed.zip").join, "test/x"
  end

  def test_a_gemspec_and_a_gemfile
    need_bundler
    install_gem("leaf")
    install_gem("leaf", "2.0")
    write({ "tool.gemspec" => gemspec("tool", needs: { "leaf" => ">= 0" }), "Gemfile" => "gemspec\ngem 'leaf', '< 2'\n", "exe/tool" => MAIN,
            "lib/tool.rb" => "" })
    assert_runs "leaf 1.0\n", "app"
    assert_match(/\Aapp is a gem with a bundle \(tool\.gemspec, Gemfile\)\n2 gems .*: tool-1\.2, leaf-1\.0\n/, @said)
  end

  def test_a_gemfile
    need_bundler
    install_gem("leaf")
    install_gem("tested")
    write({ "Gemfile" => "gem 'leaf'\ngem 'missing', group: :development\ngem 'tested', group: :test\n", "main.rb" => MAIN, "lib/x.rb" => "",
            "log/x" => "", "tmp/x" => "", "test/x" => "", "vendor/bundle/x" => "", ".git/x" => "", "vendor/x" => "" })
    ["app", "app/Gemfile"].each do |what|
      assert_runs "leaf 1.0\n", what
      assert_match(/\A#{what} is a project with a bundle \(Gemfile\)\n1 gem .*: leaf-1\.0\n/, @said)
      assert_match(/left out: 5 \(\.git 1, not needed to run 4\)/, @said)
    end
    assert_equal %w[app/Gemfile app/lib/x.rb app/main.rb app/vendor/x], names("packed.zip").grep(/\Aapp/)
    assert_equal %w[app/lib gems/gems/leaf-1.0/lib], manifest("path")
    assert_success invfs("pack", "app", "-n", "--without", "development"), /2 gems .*: leaf-1\.0, tested-1\.0\n/
    assert_failure invfs("pack", "app", "-n", "--without", ""), 1, /missing/
  end

  def test_a_lockfile_is_obeyed
    need_bundler
    install_gem("leaf")
    install_gem("leaf", "2.0")
    write({ "Gemfile" => "gem 'leaf'\n", "main.rb" => MAIN })
    assert_runs "leaf 2.0\n", "app"
    refute_path_exists path("app/Gemfile.lock")
    write({ "Gemfile.lock" => "GEM\n  specs:\n    leaf (1.0)\n\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n  leaf\n" })
    assert_runs "leaf 1.0\n", "app"
  end

  def test_gems_from_paths_and_from_git
    need_bundle_command
    skip "there is no git" unless system("git --version", out: File::NULL)

    %w[near far gitty].each do |name|
      write({ "#{name}.gemspec" => gemspec(name), "lib/#{name}.rb" => "#{name.upcase} = __FILE__" }, { "near" => "app/near" }.fetch(name, name))
    end
    git = ["git", "-c", "user.name=x", "-c", "user.email=x", "-c", "init.defaultBranch=main"]
    [%w[init -q], %w[add .], %w[commit -qm x]].each { |command| assert system(*git, *command, chdir: path("gitty")) }
    write({ "Gemfile" => "source 'https://rubygems.org'\ngem 'near', path: 'near'\ngem 'far', path: '../far'\ngem 'gitty', git: #{path("gitty").dump}, branch: 'main'\n",
            "main.rb" => "%w[near far gitty].each { |name| require name; puts Object.const_get(name.upcase) }" })
    bundle = { "BUNDLE_PATH" => path("bundled"), "BUNDLE_APP_CONFIG" => path("config"), "HOME" => @dir,
               "BUNDLE_SILENCE_ROOT_WARNING" => "1" }
    assert system(RubyProcess::CLEAN.merge(bundle), "bundle", "install", "--quiet", chdir: path("app"))
    packed = invfs("pack", "app", env: bundle)
    assert_success packed
    %w[far gitty app/near bundled].each { |name| FileUtils.rm_rf(path(name)) }
    paths = %w[near far gitty].map { |name| "#{path("app.zip")}/gems/gems/#{name}-1.2/lib/#{name}.rb\n" }
    assert_success invfs("run", "app.zip"), paths.join
  end

  def test_two_or_more
    write({ "a.gemspec" => "", "b.gemspec" => "", "main.rb" => "" }, "specs")
    assert_failure invfs("pack", "specs"), 1, /specs has 2 gemspecs, a\.gemspec, b\.gemspec: give the path of one, or --tree/
    write({ "a.gem" => "", "b.gem" => "", "main.rb" => "" }, "gems")
    assert_failure invfs("pack", "gems", "-n"), 1, /gems has 2 gems, a\.gem, b\.gem/
    assert_success invfs("pack", "gems", "--tree"), /\Agems is a directory\n.*; 3 files/
  end

  def test_an_archive_is_no_script
    pack({ "main.rb" => "" })
    assert_failure invfs("pack", "app.zip"), 1, /app\.zip is no script, and nothing else/
  end

  # what is wrong => files, what is packed, the message
  WRONG = {
    "a gem that is missing" => [{ "x.gemspec" => "Gem::Specification.new { |s| s.name, s.version = 'x', '1'; s.add_runtime_dependency 'nowhere_at_all' }" }, /nowhere_at_all/],
    "a gemspec that is no Ruby" => [{ "x.gemspec" => "def" }, /x\.gemspec cannot be evaluated/],
    "a gemspec that raises" => [{ "x.gemspec" => "raise 'no'" }, /x\.gemspec cannot be evaluated/],
    "a gem that is none" => [{ "x.gem" => "nothing" }, /x\.gem|package/],
    "a gemspec that ends Ruby" => [{ "x.gemspec" => "exit!" }, /Ruby ended before/],
    "a main script that is missing" => [{ "main.rb" => "", "Gemfile" => "" }, /none\.rb: the main script is not among/, "--main", "none.rb"],
    "no gems to start with" => [{ "main.rb" => "" }, /app is a directory: it has no gems, so --rubygems/, "--rubygems"],
    "no bundle" => [{ "x.gemspec" => "Gem::Specification.new { |s| s.name, s.version = 'x', '1' }" }, /--bundler needs a Gemfile/, "--bundler"],
    "a line break" => [{ "main.rb" => "" }, /it has a line break/, "--env", "A=b\nc"]
  }.freeze

  WRONG.each do |what, (files, message, *options)|
    define_method("test_wrong_#{what.tr(" ", "_")}") do
      need_bundler if files.key?("Gemfile")
      write(files)
      [[], %w[-n]].each do |dry|
        outcome = invfs("pack", "app", *options, *dry)
        assert_equal [1, ""], [outcome.status, outcome.stdout], outcome
        assert_match message, outcome.stderr.lines.last
      end
      assert_equal %w[app], tree
    end
  end

  def test_a_gem_file_with_extensions
    write({ "x.gemspec" => gemspec("x", more: "s.extensions = ['ext/extconf.rb']; s.files = ['ext/extconf.rb']"), "ext/extconf.rb" => "" })
    assert system("gem", "build", "-q", "x.gemspec", chdir: path("app"), out: File::NULL, err: File::NULL)
    assert_failure invfs("pack", "app/x-1.2.gem"), 1, /x-1\.2\.gem has native extensions: install it first, then pack x/
  end

  # An extension of Ruby itself stands for one of a gem.
  def test_native_extensions
    name = "#{RbConfig::CONFIG["rubyarchdir"]}/etc.#{RbConfig::CONFIG["DLEXT"]}"
    skip "this Ruby has no such extension" unless File.file?(name)

    base = File.basename(name)
    install_gem("native", "1.0", { "exe/native" => "require 'etc'; puts $\".grep(/etc\\.\\w+\\z/), Etc.getlogin.class, Gem.loaded_specs['native'].extension_dir" },
                executables: ["native"], extensions: { base => File.binread(name) })
    directory = "gems/extensions/#{Gem::Platform.local}/#{Gem.extension_api_version}/native-1.0"
    outcome, = pack_and_run("native")
    assert_equal "#{path("packed.zip")}/#{directory}/#{base}", outcome.stdout.lines.first.chomp, outcome
    assert_equal "#{path("packed.zip")}/#{directory}", outcome.stdout.lines.last.chomp, outcome
    assert_equal %W[#{directory}/#{base} #{directory}/gem.build_complete].sort, names("packed.zip").grep(/extensions/)
  end

  # As Debian does: there is a specification, and the files are among those of Ruby.
  def test_a_gem_without_a_directory_of_its_own
    install_gem("scattered", "1.0", { "exe/scattered" => "require 'prettyprint'; puts $\".grep(/prettyprint/)" }, needs: { "pretty" => ">= 0" }, executables: ["scattered"])
    install_gem("pretty", "1.0", { "lib/prettyprint.rb" => "" })
    FileUtils.rm_rf(path("home/gems/pretty-1.0"))
    assert_runs "#{path("packed.zip")}/gems/gems/pretty-1.0/lib/prettyprint.rb\n", "scattered"
  end

  # As Debian does, too.
  def test_a_gem_of_links_to_directories
    write({ "linked.rb" => "LINKED = __FILE__", "deep/er.rb" => "" }, "elsewhere")
    install_gem("linked", "1.0", { "exe/linked" => "require 'linked'; require 'deep/er'; puts LINKED" }, executables: ["linked"])
    FileUtils.rm_rf(path("home/gems/linked-1.0/lib"))
    File.symlink(path("elsewhere"), path("home/gems/linked-1.0/lib"))
    File.symlink(".", path("elsewhere/loop"))
    assert_runs "#{path("packed.zip")}/gems/gems/linked-1.0/lib/linked.rb\n", "linked"
  end

  def test_the_same_project_gives_the_same_archive
    install_gem("leaf")
    write({ "tool.gemspec" => gemspec("tool", needs: { "leaf" => ">= 0" }), "exe/tool" => MAIN, "lib/tool.rb" => "TOOL = 1\n" * 50 })
    archives = [{ "TZ" => "UTC" }, { "TZ" => "Asia/Tokyo", "LC_ALL" => "C" }].map do |env|
      assert_success invfs("pack", "app", "--compile", env: env)
      FileUtils.touch(Dir[path("**/*")], mtime: Time.at(rand(1_000_000_000..1_000_001_000)))
      File.binread(path("app.zip"))
    end
    assert_equal(*archives)
    assert_predicate InVFS::Pack.check(path("app.zip")), :good?
    refute_includes archives[0], Date.today.to_s if defined?(Date)
  end

  def test_from_ruby
    write({ "hello.rb" => "" })
    project = InVFS::Pack::Project.new(path("app/hello.rb"))
    assert_equal ["a script", "hello", %w[hello.rb]], [project.description, project.name, project.plan.names]
    summary = InVFS.pack_project(path("app/hello.rb"), path("hello.zip"))
    assert_equal [1, %w[.invfs/main hello.rb]], [summary.files, names("hello.zip")]
  end
end
