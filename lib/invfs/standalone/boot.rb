# frozen_string_literal: true

# Runs in a packed program (`invfs pack --standalone`) before its main script: gives it what its manifest says. The
# launcher has mounted the archive, this file in it, and started Ruby, usually without RubyGems. The packer makes one
# file of these, which is faster to load.
require_relative "../own_entries"
require_relative "../cli/run/manifest"
require_relative "../cli/run/packed_gems"
require_relative "../cli/run/surroundings"

# Not the library invfs: a program that needs that one requires it.
module InVFS
  autoload :Error, "#{__dir__}/error.rb"

  # What is in the file of a packed program.
  module Standalone
    ROOT = "/__invfs__"

    # What a Ruby with RubyGems has from the start: it is loaded when it is mentioned.
    LATE = { Gem: "#{__dir__}/late_rubygems.rb", RbConfig: "#{ROOT}/arch/rbconfig.rb", Monitor: "monitor",
             MonitorMixin: "monitor", DidYouMean: "did_you_mean", ErrorHighlight: "error_highlight" }.freeze

    # A directory for the load path: parts of RubyGems in there load the whole.
    PARTS_OF_RUBYGEMS = "#{__dir__}/rubygems".freeze

    # Where systems have the certificates of those whom TLS trusts.
    CERTIFICATES = %w[/etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem
                      /etc/ssl/cert.pem].freeze
    private_constant :CERTIFICATES

    # The archive, as the manifest is read from one.
    class Archive
      def to_path = ROOT
      def file?(name) = File.file?("#{ROOT}/#{name}")
      def directory?(name) = File.directory?("#{ROOT}/#{name}")
      def read(name) = File.binread("#{ROOT}/#{name}")
    end

    # As for `invfs run`, but for the directory that takes what the program writes: the launcher has put it there.
    class Surroundings < CLI::Run::Surroundings
      private

      def make_writable(_directory) = nil
    end

    class << self
      def start
        archive = Archive.new
        $LOAD_PATH.unshift(PARTS_OF_RUBYGEMS) unless defined?(::Gem)
        LATE.each { |name, path| Object.autoload(name, path) unless Object.const_defined?(name, false) }
        Surroundings.new(archive, CLI::Run::Manifest.of(archive), ROOT).make(nil)
        provide_certificates(archive)
      end

      # The first line of the packed rubygems.rb calls this, whoever loads it.
      def rubygems_begins
        $LOAD_PATH.delete(PARTS_OF_RUBYGEMS)
        # Else the mention of Gem in there would load it.
        Object.__send__(:remove_const, :Gem) if Object.autoload?(:Gem)
      end

      # Its last line calls this.
      def rubygems_ends
        # All that RubyGems could find for `require` is in the load path already, where Ruby itself finds it sooner.
        verbose, $VERBOSE = $VERBOSE, nil
        Kernel.module_eval do
          alias_method(:require, :gem_original_require)
          private :require
        end
        $VERBOSE = verbose
        CLI::Run::PackedGems.register
      end

      private

      # OpenSSL looks where the machine has them that packed the program.
      def provide_certificates(archive)
        return if ENV["SSL_CERT_FILE"] || ENV["SSL_CERT_DIR"] || !archive.file?(OwnEntries::CERTIFICATES)
        return if archive.read(OwnEntries::CERTIFICATES).each_line(chomp: true).any? { |path| File.exist?(path) }

        CERTIFICATES.find { |path| File.file?(path) }&.then { |path| ENV["SSL_CERT_FILE"] = path }
      end
    end
  end
end

InVFS::Standalone.start
