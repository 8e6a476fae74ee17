# frozen_string_literal: true

# The programs in examples do what they say.
require "minitest/autorun"
require "tmpdir"
require_relative "support/ruby_process"
require_relative "support/zip_builder"

class ExamplesTest < Minitest::Test
  EXAMPLES = "#{RubyProcess::PROJECT}/examples".freeze

  # Each of these programs ends with its expected output.
  Dir["#{EXAMPLES}/*.rb"].each do |file|
    define_method("test_#{File.basename(file, ".rb")}") do
      _, expected = File.read(file).split("\n__END__\n", 2)
      refute_nil expected, "#{file} does not say what it prints"
      outcome = RubyProcess.run("-w", "-I#{RubyProcess::LIB}", file)
      assert_equal [0, expected, ""], [outcome.status, outcome.stdout, outcome.stderr], outcome
    end
  end

  def test_zip_app
    Dir.mktmpdir do |directory|
      archive = ZipBuilder.write("#{File.realpath(directory)}/app.zip", tree("#{EXAMPLES}/zip_app/app"))
      outcome = RubyProcess.run("-w", "-I#{RubyProcess::LIB}", "#{EXAMPLES}/zip_app/run.rb", archive, "tea", "milk", "tea")
      assert_equal 0, outcome.status, outcome
      assert_equal "tally 1.0\n  2 tea\n  1 milk\n{\"tea\":2,\"milk\":1}\n", outcome.stdout
      assert_equal "this is #{archive}/main.rb\n", outcome.stderr
    end
  end

  def test_zip_app_without_an_archive
    ["#{EXAMPLES}/zip_app/run.rb", "#{EXAMPLES}/zip_app", "/nothing"].each do |path|
      outcome = RubyProcess.run("-I#{RubyProcess::LIB}", "#{EXAMPLES}/zip_app/run.rb", path)
      assert_equal [1, "#{path} is no zip archive\n"], [outcome.status, outcome.stderr], outcome
    end
  end

  private

  def tree(directory)
    Dir.glob("**/*", base: directory).select { |name| File.file?("#{directory}/#{name}") }
       .to_h { |name| [name, File.binread("#{directory}/#{name}")] }
  end
end
