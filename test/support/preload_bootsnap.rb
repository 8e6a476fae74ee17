# frozen_string_literal: true

# Loaded with -r before invfs: sets bootsnap up, with its cache where the environment says.
require "bootsnap"
Bootsnap.setup(cache_dir: ENV.fetch("BOOTSNAP_TEST_CACHE"), development_mode: false, load_path_cache: true,
               compile_cache_iseq: true, compile_cache_yaml: false, compile_cache_json: false)
