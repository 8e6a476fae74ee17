//! Any bytes as operations on a writable mount and on a real directory.
#![no_main]

mod options;
mod overlay;

use overlay::{harness, support};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| harness::operations(bytes));
