# frozen_string_literal: true

# Handlers: objects that recognise files in $: and open them as a VFS.
require_relative "test_helper"
require_relative "support/gc_stress"

class HandlersTest < Minitest::Test
  # A handler as a user would write it: files that begin with BOX contain "name: content" lines.
  BOX = <<~'RUBY'
    class BoxFS
      def initialize(path)
        @path = path
        @files = File.readlines(path, chomp: true).drop(1).to_h { |line| line.split(": ", 2) }
      end
      def to_path = @path
      def file?(path) = @files.key?(path)
      def size(path) = @files.fetch(path).bytesize
      def read(path) = @files.fetch(path).dup
    end
    class BoxHandler
      attr_reader :calls
      def initialize(name = :box) = (@name = name; @calls = [])
      def probe(path) = (@calls << [:probe, File.basename(path)]; File.binread(path, 3) == "BOX")
      def open(path) = (@calls << [:open, File.basename(path)]; BoxFS.new(path))
    end
    def quietly(name)
      require(name)
    rescue LoadError => e
      e.class
    end
  RUBY

  BOX_FILE = "BOX\na.rb: puts __FILE__\nlib/b.rb: puts __FILE__\n"

  def test_a_handler_opens_the_files_it_recognises
    assert_prints("<dir>/my.box/a.rb\ntrue\n<dir>/my.box/lib/b.rb\ntrue\n", <<~'RUBY')
      InVFS.regist(BoxHandler.new)
      $: << "#{DIR}/my.box"
      p require("a")
      $: << "#{DIR}/my.box/lib"
      p require("b")
    RUBY
  end

  def test_registering_returns_nil_under_both_names
    assert_prints("nil\nnil\n2\n", <<~'RUBY')
      p InVFS.regist(BoxHandler.new), InVFS.register(BoxHandler.new), InVFS.handlers.size
    RUBY
  end

  def test_what_is_no_handler_is_refused_with_a_reason
    assert_prints(<<~OUT, <<~'RUBY')
      TypeError probe true
      TypeError open true
      TypeError probe true
      TypeError probe true
      0
    OUT
      only_open = Class.new { def open(path) = nil }.new
      only_probe = Class.new { def probe(path) = nil }.new
      private_probe = Class.new { def open(path) = nil; private def probe(path) = nil }.new
      [[only_open, "probe"], [only_probe, "open"], [nil, "probe"], [private_probe, "probe"]].each do |handler, missing|
        InVFS.register(handler)
      rescue TypeError => e
        puts "#{e.class} #{missing} #{e.message.include?(missing)}"
      end
      p InVFS.handlers.size
    RUBY
  end

  def test_the_list_of_handlers_is_a_copy
    assert_prints("1\n1\ntrue\n", <<~'RUBY')
      InVFS.register(handler = BoxHandler.new)
      InVFS.handlers.clear
      p InVFS.handlers.size
      begin
        InVFS.handlers << 1
      rescue FrozenError
      end
      p InVFS.handlers.size, InVFS.handlers[0].equal?(handler)
    RUBY
  end

  def test_registering_the_same_handler_twice_is_registering_it_once
    assert_prints("1\n", "InVFS.register(h = BoxHandler.new); InVFS.register(h); p InVFS.handlers.size")
  end

  def test_modules_and_respond_to_missing_can_be_handlers
    assert_prints("<dir>/my.box/a.rb\n", <<~'RUBY')
      class Ghost
        def respond_to_missing?(name, *) = %i[probe open].include?(name)
        def method_missing(name, *args) = HANDLER.send(name, *args)
      end
      HANDLER = BoxHandler.new
      InVFS.register(Ghost.new)
      $: << "#{DIR}/my.box"
      require "a"
    RUBY
  end

  def test_the_oldest_handler_is_asked_first
    assert_prints(":first\n[[:probe, \"my.box\"], [:open, \"my.box\"]]\n[]\n", <<~'RUBY')
      first, second = BoxHandler.new, BoxHandler.new
      InVFS.register(first)
      InVFS.register(second)
      $: << "#{DIR}/my.box"
      require "quiet"
      p :first, first.calls, second.calls
    RUBY
  end

  def test_a_handler_that_declines_leaves_the_file_to_the_next
    [nil, false].each do |answer|
      assert_prints("<dir>/my.box/a.rb\n", <<~RUBY)
        InVFS.register(Class.new { def probe(path) = #{answer.inspect}; def open(path) = raise }.new)
        InVFS.register(BoxHandler.new)
        $: << "\#{DIR}/my.box"
        require "a"
      RUBY
    end
  end

  RAISING_PROBE = <<~'RUBY'
    class Bad; def probe(path) = raise(IOError, "probe is broken"); def open(path) = nil; end
    InVFS.register(Bad.new)
    InVFS.register(BoxHandler.new)
    $: << "#{DIR}/my.box"
    require "a"
  RUBY

  def test_a_handler_that_raises_in_probe_is_passed_over
    assert_prints("<dir>/my.box/a.rb\n", RAISING_PROBE, stderr: "")
  end

  def test_a_handler_that_raises_in_probe_warns_under_w
    outcome = run_program(RAISING_PROBE, "-w")
    assert_equal "<dir>/my.box/a.rb\n", outcome.stdout, outcome
    warning = outcome.stderr.lines.grep(/probe is broken/).join
    assert_includes warning, "Bad", outcome
    assert_includes warning, "<dir>/my.box", outcome
  end

  def test_a_handler_that_raises_in_open_is_a_load_error_that_names_the_file
    assert_prints(<<~OUT, <<~'RUBY')
      LoadError
      true
      true
      #<IOError: open is broken>
    OUT
      class Bad; def probe(path) = true; def open(path) = raise(IOError, "open is broken"); end
      InVFS.register(Bad.new)
      $: << "#{DIR}/my.box"
      begin
        require "a"
      rescue LoadError => e
        p e.class, e.message.include?("#{DIR}/my.box"), e.message.include?("open is broken"), e.cause
      end
    RUBY
  end

  def test_a_broken_archive_is_a_load_error_with_its_cause
    assert_prints("LoadError\ntrue\ntrue\n", <<~'RUBY', "-rinvfs/zip")
      $: << "#{DIR}/broken.zip"
      begin
        require "a"
      rescue LoadError => e
        puts e.class, e.message.include?("#{DIR}/broken.zip"), e.cause.is_a?(InVFS::ArchiveError)
      end
    RUBY
  end

  def test_a_handler_whose_open_gives_no_vfs_is_a_load_error_that_names_the_file
    ["nil", "5", "Object.new"].each do |value|
      assert_prints("LoadError true\n", <<~RUBY)
        InVFS.register(Class.new { def probe(path) = true; def open(path) = #{value} }.new)
        $: << "\#{DIR}/my.box"
        begin
          require "a"
        rescue LoadError => e
          puts "LoadError \#{e.message.include?("\#{DIR}/my.box")}"
        end
      RUBY
    end
  end

  def test_exceptions_that_are_no_standard_errors_pass_through
    %w[probe open].each do |method|
      assert_prints("Interrupt\n", <<~RUBY)
        handler = BoxHandler.new
        def handler.#{method}(path) = raise(Interrupt)
        InVFS.register(handler)
        $: << "\#{DIR}/my.box"
        begin
          require "a"
        rescue Interrupt => e
          puts e.class
        end
      RUBY
    end
  end

  def test_answers_are_remembered_per_file
    assert_prints("[[:probe, \"my.box\"], [:open, \"my.box\"]]\n", <<~'RUBY')
      InVFS.register(handler = BoxHandler.new)
      $: << "#{DIR}/my.box" << "#{DIR}/./my.box" << "#{DIR}/my.box/lib"
      %w[quiet quiet nothing more].each { |name| quietly(name) }
      $:.delete("#{DIR}/my.box")
      $: << "#{DIR}/my.box"
      quietly("even_more")
      p handler.calls
    RUBY
  end

  def test_a_file_that_nobody_wants_is_asked_about_once
    assert_prints("[[:probe, \"text\"]]\n", <<~'RUBY')
      InVFS.register(handler = BoxHandler.new)
      $: << "#{DIR}/text"
      5.times { |n| quietly("nothing#{n}") }
      p handler.calls
    RUBY
  end

  def test_a_file_that_changed_is_asked_about_again
    assert_prints("<dir>/my.box/a.rb\nnew\n2\n", <<~'RUBY')
      InVFS.register(handler = BoxHandler.new)
      $: << "#{DIR}/my.box"
      require "a"
      File.write("#{DIR}/next.box", "BOX\nc.rb: puts :new\n")
      File.rename("#{DIR}/next.box", "#{DIR}/my.box")
      require "c"
      p handler.calls.count { |name, _| name == :open }
    RUBY
  end

  def test_a_handler_that_comes_later_is_asked_about_files_that_nobody_wanted
    assert_prints("LoadError\n<dir>/my.box/a.rb\n", <<~'RUBY')
      $: << "#{DIR}/my.box"
      puts quietly("a")
      InVFS.register(BoxHandler.new)
      require "a"
    RUBY
  end

  def test_handlers_are_not_asked_about_directories_or_what_is_missing
    assert_prints("[]\n", <<~'RUBY')
      InVFS.register(handler = BoxHandler.new)
      $: << DIR << "#{DIR}/missing" << "#{DIR}/missing/my.box"
      quietly("nothing")
      p handler.calls
    RUBY
  end

  def test_handlers_that_require_while_they_are_asked
    assert_prints("<dir>/my.box/a.rb\ntrue\n", <<~'RUBY')
      handler = BoxHandler.new
      def handler.probe(path) = (require("English"); require("tsort"); super)
      def handler.open(path) = (require("ostruct"); super)
      InVFS.register(handler)
      $: << "#{DIR}/my.box"
      require "a"
      p defined?(OpenStruct) ? true : false
    RUBY
  end

  def test_zip_fs_is_a_handler_only_after_require_invfs_zip
    assert_prints("[]\n[InVFS::ZipFS]\nfalse\n[InVFS::ZipFS]\n", <<~'RUBY')
      p InVFS.handlers
      require "invfs/zip"
      p InVFS.handlers, require("invfs/zip"), InVFS.handlers
    RUBY
  end

  private

  def assert_prints(expected, program, *options, stderr: nil)
    outcome = run_program(program, *options)
    assert_equal expected, outcome.stdout, outcome
    assert_equal 0, outcome.status, outcome
    assert_equal stderr, outcome.stderr if stderr
  end

  def run_program(program, *options)
    Dir.mktmpdir("invfs-handlers") do |directory|
      directory = File.realpath(directory)
      { "my.box" => "#{BOX_FILE}quiet.rb: \n", "text" => "no box", "program.rb" => "#{GCStress::FIRST_LINE}DIR = #{directory.dump}\n#{BOX}\n#{program}",
        "broken.zip" => ZipBuilder.build { |zip| zip.add("a.rb", "x") }[0..-2] }
        .each { |name, content| File.binwrite("#{directory}/#{name}", content) }
      outcome = RubyProcess.run("-I#{RubyProcess::LIB}", *GCStress::OPTIONS, "-rinvfs", *options, "#{directory}/program.rb")
      outcome.stdout.gsub!(directory, "<dir>")
      outcome.stderr.gsub!(directory, "<dir>")
      outcome
    end
  end
end
