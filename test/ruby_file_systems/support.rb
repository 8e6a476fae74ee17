# frozen_string_literal: true

# File systems written in Ruby for these tests, and mounts that are removed after each test.
require_relative "../test_helper"

module RubyFileSystems
  # Files in a Hash; the names imply the directories.
  class Store < InVFS::Base
    attr_reader :files, :calls

    def initialize(files = {})
      super()
      @files = files
      @calls = []
    end

    def read(path)
      @calls << [:read, path]
      @files[path]
    end

    def list(path)
      directory = "#{path.chomp("/")}/"
      below = @files.keys.select { |name| name.start_with?(directory) }
      names = below.map { |name| name.delete_prefix(directory)[%r{\A[^/]+/?}] }
      names.uniq unless names.empty? && path != "/"
    end

    def write(path, contents)
      @calls << [:write, path]
      @files[path] = contents
    end

    def append(path, contents)
      @calls << [:append, path, contents]
      @files[path] = @files.fetch(path, "") + contents
    end

    def remove(path)
      @files.delete(path)
    end

    def rename(from, to)
      @files[to] = @files.delete(from)
    end
  end

  # An object with the methods that are given as procs.
  def self.with(**methods)
    Object.new.tap { |object| methods.each { |name, body| object.define_singleton_method(name, &body) } }
  end

  class Test < Minitest::Test
    def setup
      skip "nothing can be mounted on this system" unless RUBY_PLATFORM.include?("linux")
      @roots = []
      @verbose = $VERBOSE
      $VERBOSE = false
    end

    def teardown
      $VERBOSE = @verbose
      @roots&.each { |root| InVFS.unmount(root) }
    end

    # @return [String] where it is mounted
    def mount(object = nil, &block)
      root = "/ruby-fs-#{Process.pid}-#{@roots.size}"
      @roots << root
      object ? InVFS.mount(root, object) : InVFS.mount(root, &block)
    end

    def with(**methods) = mount(RubyFileSystems.with(**methods))

    # What is said under -w while the block runs.
    def reported
      _, said = capture_io do
        $VERBOSE = true
        yield
      end
      said
    ensure
      $VERBOSE = false
    end

    # Runs a program with what is above at hand; the last line of its output is `inspect` of its value.
    def program(code, *options)
      RubyProcess.run(*options, "-I#{RubyProcess::LIB}", "-rinvfs", "-rtimeout", "-e", code)
    end
  end
end
