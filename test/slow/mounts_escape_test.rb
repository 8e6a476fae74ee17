# frozen_string_literal: true

# No system call asks the kernel for a path below a mount, except those with a reason in the table of docs/mounts.md.
# strace watches a program that lies in a mount, and then every use of files in test/mounts/.
require_relative "../test_helper"
require_relative "../support/escape_report"
require_relative "../support/native_build"
require_relative "../mounts/support"
require_relative "../mounts/fixture"

class MountsEscapeTest < Minitest::Test
  PAGE = "#{RubyProcess::PROJECT}/docs/mounts.md".freeze
  WHO = { "the program" => :program, "a program that it started" => :child }.freeze

  # The rows of the table: [who, names of calls, subjects of test/mounts/cases].
  def self.reasons
    table = File.read(PAGE)[/^\| who asks \|.*?\n\n/m] || raise("#{PAGE} has no table of what still asks the kernel")
    table.lines.drop(2).reject { |line| line == "\n" }.map do |line|
      who, calls, subjects, reason = line.split("|").map(&:strip).drop(1)
      raise "#{PAGE}: no reason: #{line}" if reason.empty?

      [WHO.fetch(who), *[calls, subjects].map { |names| names.scan(/`(\w+)`/).flatten }]
    end
  end

  # An application with its gems, in the mount. It uses what it brings: in __dir__, in $:, through libraries.
  APPLICATION = {
    "main.rb" => <<~'RUBY',
      require_relative "lib/shop"
      $LOAD_PATH.unshift("#{__dir__}/lib", *Dir.glob("#{__dir__}/gems/*/lib"))
      require "rake"
      require "shop/page"
      require "native" if File.exist?("#{__dir__}/lib/native.so")
      puts Shop.load, Shop::Page.new("list").render(items: %w[cup plate])
      puts Rake::FileList["#{__dir__}/views/**/*.erb"].size, (defined?(Native) ? Native.answer : 1)
      puts $LOADED_FEATURES.grep(/\A#{__dir__}/).size > 10
    RUBY
    "lib/shop.rb" => <<~'RUBY',
      require "yaml"
      require "json"
      require "csv"
      require "erb"
      require "zlib"
      require "openssl"
      require "find"
      require "digest"
      require "fileutils"
      require "pathname"
      require "tmpdir"
      module Shop
        ROOT = File.expand_path("..", __dir__)
        autoload :Price, "#{__dir__}/shop/price.rb"
        def self.load
          config = YAML.load_file("#{ROOT}/config/app.yml")
          lines = File.foreach("#{ROOT}/data/list.txt").to_a + CSV.read("#{ROOT}/data/list.csv") + JSON.load_file("#{ROOT}/data/list.json")
          packed = Zlib::GzipReader.open("#{ROOT}/data/list.gz", &:read)
          OpenSSL::X509::Store.new.add_file("#{ROOT}/config/ca.pem") if File.size?("#{ROOT}/config/ca.pem")
          OpenSSL::SSL::SSLContext.new.tap { |context| context.ca_file = "#{ROOT}/config/ca.pem" }.setup
          found = Find.find("#{ROOT}/views").count + Pathname(ROOT).join("views").children.size + Dir.chdir("#{ROOT}/views") { Dir["*"].size + File.read("list.erb").size }
          Dir.mktmpdir { |out| FileUtils.cp_r("#{ROOT}/data", out) || FileUtils.compare_file("#{out}/data/list.txt", "#{ROOT}/data/list.txt") || raise }
          missing = [File.exist?("#{ROOT}/nothing"), File.readable?("#{ROOT}/data/../nothing"), Dir.exist?("#{ROOT}/data/list.txt")]
          stats = File.stat("#{ROOT}/data/list.txt").size + File.lstat("#{ROOT}/data").size + File.open("#{ROOT}/data/list.txt") { |file| file.seek(2) && file.read.size }
          [config["name"], lines.size, packed, found, Digest::SHA256.file("#{ROOT}/data/list.txt").hexdigest.size, missing.none?, stats.positive?, Price.new(3).to_s, File.realpath("#{ROOT}/./data"), Thread.new { File.read("#{ROOT}/VERSION") }.value].join(" ")
        end
      end
    RUBY
    "lib/shop/page.rb" => <<~'RUBY',
      module Shop
        class Page
          def initialize(name) = @template = ERB.new(File.read("#{ROOT}/views/#{name}.erb"))
          def render(items:) = @template.result(binding)
        end
      end
    RUBY
    "lib/shop/price.rb" => "module Shop\n  Price = Struct.new(:amount) { def to_s = 'EUR ' + amount.to_s }\nend\n",
    "views/list.erb" => "<%= items.join(', ') %>",
    "views/mail/order.erb" => "",
    "config/app.yml" => "name: shop\n",
    "data/list.txt" => "a\nb\n", "data/list.csv" => "a,1\n", "data/list.json" => "[1, 2]\n",
    "data/list.gz" => Zlib.gzip("packed"),
    "VERSION" => "1.0"
  }.freeze

  RUN = <<~'RUBY'
    at, archive = $stdin.read.lines(chomp: true)
    InVFS.mount(at, InVFS.zip(archive))
    load "#{at}/main.rb"
  RUBY

  def setup
    skip "mounts are for Linux" unless RUBY_PLATFORM.include?("linux")
  end

  def test_a_program_in_a_mount_asks_the_kernel_for_nothing_in_it
    report, root = watch_application
    assert_predicate report.status, :success?, report.output
    assert_equal ["shop 5 packed 31 64 true true EUR 3 #{root}/data 1.0", "cup, plate", "2", "1", "true"], report.output.lines(chomp: true) - ["native"]
    assert_operator report.calls.size, :>, 100
    assert_empty report.below(root).map(&:text)
  end

  # Else an empty list would say nothing.
  def test_what_a_child_program_asks_for_is_seen
    report, root = watch_application('system("cat", "#{at}/VERSION", err: File::NULL)')
    assert_equal [[:child, "#{root}/VERSION"]], report.below(root).map { |line| [line.by, line.path] }.uniq
  end

  # The search of invfs itself goes past the hooks.
  def test_an_archive_that_a_mount_hides_is_not_opened
    Dir.mktmpdir("invfs-escape") do |directory|
      ZipBuilder.write("#{directory}/hidden.zip", { "found.rb" => "" })
      outcome = RubyProcess.run("-W0", *RubyProcess::INVFS, "-e", <<~'RUBY', directory)
        directory = ARGV.first
        InVFS.mount(directory, InVFS.stringmap({ "lib/seen.rb" => "" }))
        $:.unshift("#{directory}/hidden.zip")
        begin
          require "found"
        rescue LoadError => e
          puts e.path
        end
        $:.unshift("#{directory}/lib/../lib")
        require "seen"
        InVFS.unmount(directory)
        require "found"
        puts $".last(2).map { |path| path.delete_prefix(File.realpath(directory)) }
      RUBY
      assert_equal "found\n/lib/seen.rb\n/hidden.zip/found.rb\n", outcome.stdout, outcome
    end
  end

  def test_every_use_of_files_is_listed_if_it_asks_the_kernel
    lines = CaseList.subjects.flat_map { |subject| watch_cases(subject).map { |line| [subject.to_s, line] } }
    reasons = self.class.reasons
    explains = ->((who, calls, subjects), (subject, line)) { who == line.by && calls.include?(line.call) && subjects.include?(subject) }
    unexplained = lines.reject { |line| reasons.any? { |reason| explains[reason, line] } }
    assert_empty(unexplained.map { |subject, line| "#{subject}, #{line.by}: #{line.text}" })
    needless = reasons.reject { |reason| lines.any? { |line| explains[reason, line] } }
    assert_empty needless, "#{PAGE} has reasons for what nobody does"
  end

  private

  def watch(*arguments, input:)
    skip EscapeReport.unavailable if EscapeReport.unavailable
    EscapeReport.new(RbConfig.ruby, *arguments, input: input)
  end

  def watch_application(and_then = "")
    Dir.mktmpdir("invfs-escape") do |directory|
      files = APPLICATION.merge(gem_files("rake"), gem_files("minitest"))
      files["config/ca.pem"] = certificate
      files["lib/native.so"] = NativeBuild.extension("native") unless NativeBuild.unavailable
      ZipBuilder.write("#{directory}/app.zip", files)
      File.write("#{directory}/run.rb", RUN + and_then)
      root = "#{File.realpath(directory)}/mounted"
      [watch(*RubyProcess::INVFS, "#{directory}/run.rb", input: "#{root}\n#{directory}/app.zip\n"), root]
    end
  end

  def gem_files(name)
    directory = Gem::Specification.find_by_name(name).full_gem_path
    Dir.chdir(directory) { Dir["lib/**/*.rb"] }.to_h { |file| ["gems/#{name}/#{file}", File.binread("#{directory}/#{file}")] }
  end

  def certificate
    require "openssl"
    key = OpenSSL::PKey::EC.generate("prime256v1")
    OpenSSL::X509::Certificate.new.tap do |certificate|
      certificate.subject = certificate.issuer = OpenSSL::X509::Name.parse("/CN=test")
      certificate.public_key = key
      certificate.serial = 1
      certificate.not_before, certificate.not_after = Time.at(0), Time.at(4_000_000_000)
      certificate.sign(key, "SHA256")
    end.to_pem
  end

  # All uses of a subject that change nothing.
  def watch_cases(subject)
    target = MountTargets.fresh(:zip)
    cases = CaseList.of(subject).reject { |kase| kase.kind == :change }.to_h { |kase| [kase.name, target] }
    out = "#{MountTargets.directory}/#{subject}-watched.out"
    File.write(out, "")
    request = Marshal.dump({ subject: subject, cases: cases, out: out, scratch: "#{target.parent}.scratch" })
    report = watch(*RubyProcess.without_decorators, *RubyProcess::INVFS, MountSupport::CHILD, input: request)
    assert_equal cases.size, File.readlines(out).size, report.output
    report.below(target.root)
  end
end
