//! Any bytes as a shared object.
#![no_main]

mod options;

#[allow(dead_code, unused_imports)] // The tests use more of it.
#[path = "../../engine/tests/it/support/mod.rs"]
mod support;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| support::harness::elf(bytes));
