//! Any bytes as what the file system below a writable mount answers.
#![no_main]

mod options;
mod overlay;

use overlay::{harness, support};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| harness::answers(bytes));
