# frozen_string_literal: true

require "rake"
require_relative "ruby_process"

# What the rake tasks decide, for tests: the methods of files in rakelib, apart from those of the rake that may run the
# tests.
module RakeTasks
  ROOT = RubyProcess::PROJECT

  # A module whose methods are those of rakelib/pkg.rake and so on.
  def self.from(*names)
    Module.new do
      extend Rake::DSL
      const_set(:MINORS, %w[3.1 3.2 3.3 3.4 4.0].freeze)
      const_set(:ROOT, ROOT)
      const_set(:CRATE, "#{ROOT}/ext/invfs")
      names.each { |name| module_eval(File.read("#{ROOT}/rakelib/#{name}.rake"), "#{ROOT}/rakelib/#{name}.rake") }
      module_function(*instance_methods(false), *private_instance_methods(false))
    end
  end
end
