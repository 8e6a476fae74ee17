# frozen_string_literal: true

# Ways with bootsnap, which keeps compiled code and its scan of $: in a directory.
require "fileutils"

class Bench
  # Two ways for one program: `cold` starts without the directory, `warm` with the one from an earlier run.
  module Bootsnap
    # As in production, but without its caches for YAML and JSON, which nothing here reads; bootsnap starts faster
    # without them.
    SETUP = <<~RUBY
      require "bootsnap"
      Bootsnap.setup(cache_dir: %<cache>p, development_mode: false, load_path_cache: true,
                     compile_cache_iseq: true, compile_cache_yaml: false, compile_cache_json: false)
    RUBY

    module_function

    def there? = Bench.library?("bootsnap")

    # @return [Array(String, String)] the path of a script that sets bootsnap up, and its cache directory
    def setup(bench, name)
      cache = "#{bench.directory}/bootsnap-#{name}"
      setup = "#{bench.directory}/setup-#{name}.rb"
      File.write(setup, format(SETUP, cache: cache))
      [setup, cache]
    end

    # @return [Array(Way, Way)] cold and warm
    def ways(bench, program, *arguments)
      %w[cold warm].map do |state|
        setup, cache = setup(bench, state)
        before = -> { FileUtils.rm_rf(cache) } if state == "cold"
        bench.ruby("bootsnap, #{state}", ["-r#{setup}"], program, *arguments, measure: :process, before: before)
      end
    end
  end
end
