//! What the fuzz targets look for, looked for with bytes of a simple generator.

use super::harness;

/// Runs `check` on bytes that are always the same.
fn generated(rounds: u64, check: impl Fn(&[u8])) {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state >> 11
    };
    for _ in 0..rounds {
        let len = next() % 300;
        let bytes: Vec<u8> = (0..len).map(|_| next() as u8).collect();
        check(&bytes);
    }
    check(&[]);
}

#[test]
fn operations_do_what_they_do_in_a_directory() {
    generated(40, harness::operations);
}

#[test]
fn nothing_in_an_upper_directory_leads_out() {
    generated(250, harness::upper);
}

#[test]
fn nothing_that_a_file_system_answers_leads_out() {
    generated(250, harness::answers);
}
