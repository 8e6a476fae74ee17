//! The setting for the largest file that is loaded, as invfs 0.3 read it.

use invfs_engine::load_size::{parse, DEFAULT, MAXIMUM, MINIMUM};

const K: u64 = 1 << 10;
const M: u64 = 1 << 20;

#[test]
fn settings_mean_what_they_meant() {
    assert_eq!((DEFAULT, MINIMUM, MAXIMUM), (2 * M, 256 * K, 64 * M));
    assert_eq!(parse(None), DEFAULT);
    for (setting, bytes) in [
        ("", MINIMUM),
        ("   ", MINIMUM),
        ("0", MINIMUM),
        ("abc", MINIMUM),
        ("k", MINIMUM),
        (".5m", MINIMUM),
        ("-5m", MINIMUM),
        ("300", MINIMUM),
        (" 300 kb ", MINIMUM),
        ("262143", MINIMUM),
        ("262144", MINIMUM),
        ("262145", 262_145),
        ("300k", 300 * K),
        ("300K", 300 * K),
        ("300kb", 300 * K),
        ("300KiB", 300 * K),
        ("300kib", 300 * K),
        ("300ki", 300 * K),
        ("300kx", 300 * K),
        (" 300k ", 300 * K),
        ("\t300k\n", 300 * K),
        ("1.5M", 3 * M / 2),
        ("1.5", MINIMUM),
        ("0.3m", 314_573),
        ("1.m", MINIMUM),
        ("300000.5", 300_001),
        ("300000.4b", 300_000),
        ("300000b", 300_000),
        ("2m", 2 * M),
        ("64mib", MAXIMUM),
        ("64m", MAXIMUM),
        ("65m", MAXIMUM),
        ("1g", MAXIMUM),
        ("0.03125g", 32 * M),
        ("0.001g", 1_073_742),
        ("1t", MINIMUM),
        ("99999999999999999999999999", MAXIMUM),
        ("9e9", MINIMUM),
        ("0x1000000", MINIMUM),
        ("1_000_000", MINIMUM),
        ("+1000000", 1_000_000),
        ("+1_000_000k", 1_000_000),
        ("+1__000_000", MINIMUM),
        ("+_1000000", MINIMUM),
        ("x\n3m", 3 * M),
        ("\u{663}m", MINIMUM),
        ("3\u{e9}", MINIMUM),
        ("3m\u{e9}", 3 * M),
    ] {
        assert_eq!(parse(Some(setting)), bytes, "{setting:?}");
    }
    let digits = "9".repeat(100_000);
    assert_eq!(parse(Some(&digits)), MAXIMUM);
}
