# frozen_string_literal: true

# Loaded with -r before invfs: sets up bootsnap, with its cache in the directory from the environment.
require "bootsnap"
Bootsnap.setup(cache_dir: ENV.fetch("BOOTSNAP_TEST_CACHE"), development_mode: false, load_path_cache: true,
               compile_cache_iseq: true, compile_cache_yaml: false, compile_cache_json: false)
