//! Any bytes as operations on a writable mount and on a real directory.
#![no_main]

mod options;

#[allow(dead_code, unused_imports)] // The tests use more of it.
#[path = "../../engine/tests/it/support/mod.rs"]
mod support;

#[allow(dead_code)] // The tests use more of it.
#[path = "../../fs/tests/it/overlay/control.rs"]
mod control;
#[allow(dead_code)] // Each target uses a part of it.
#[path = "../../fs/tests/it/overlay/harness.rs"]
mod harness;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| harness::operations(bytes));
