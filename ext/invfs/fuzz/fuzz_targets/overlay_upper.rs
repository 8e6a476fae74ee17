//! Any bytes as what lies in the upper directory of a writable mount.
#![no_main]

mod options;
mod overlay;

use overlay::{harness, support};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| harness::upper(bytes));
