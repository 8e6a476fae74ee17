//! Any bytes as an archive that is copied, as `invfs compile` does.
#![no_main]

mod options;

#[allow(dead_code, unused_imports)] // The tests use more of it.
#[path = "../../engine/tests/it/support/mod.rs"]
mod support;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| support::harness::copy(bytes));
