//! Entries that would take much memory: refused before any room is made.

use invfs_engine::vfs::{Sink, Vfs};
use invfs_engine::ErrorKind;

use crate::refused::{among_good_ones, deflated};
use crate::support::*;

/// A sink that must not be asked for more than a little.
struct Miser;

impl Sink for Miser {
    fn room(&mut self, len: usize) -> &mut [std::mem::MaybeUninit<u8>] {
        panic!("room for {len} bytes was made");
    }

    unsafe fn filled(&mut self, _: usize) {}
}

#[test]
fn bombs_are_refused_before_room_is_made() {
    let zeroes = deflate(&vec![0; 1 << 20]);
    let gigabyte = 1 << 30;
    for (what, entry, kind) in [
        (
            "over the limit",
            deflated().with(|e| {
                e.size = gigabyte + 1;
                e.data = vec![0; 2 << 20];
            }),
            ErrorKind::TooLarge,
        ),
        (
            "more than deflate can",
            deflated().with(|e| {
                e.size = gigabyte;
                e.data = zeroes.clone();
            }),
            ErrorKind::Corrupt,
        ),
        (
            "from nothing",
            deflated().with(|e| {
                e.size = 1000;
                e.data = vec![];
            }),
            ErrorKind::Corrupt,
        ),
        (
            "more than zstd can",
            deflated().with(|e| {
                e.size = gigabyte;
                e.method = 93;
                e.data = zeroes;
            }),
            ErrorKind::Corrupt,
        ),
        (
            "zip64",
            deflated().with(|e| {
                e.size = u64::MAX;
                e.zip64 = true;
            }),
            ErrorKind::TooLarge,
        ),
    ] {
        let archive = among_good_ones(entry);
        let error = archive
            .read(sub("bad.rb"), u64::MAX, &mut Miser)
            .unwrap_err();
        assert_eq!(error.kind(), kind, "{what}: {error}");
    }
}

#[test]
fn a_bomb_that_is_declared_small_stops_at_its_declaration() {
    let bomb = deflate(&vec![0; 20 << 20]);
    for size in [0, 1, 1000, 20 << 10] {
        let entry = deflated().with(|e| {
            e.size = size;
            e.data = bomb.clone();
        });
        assert_eq!(
            read_error(&among_good_ones(entry), "bad.rb"),
            ErrorKind::Corrupt
        );
    }
}

#[test]
fn much_compressed_data_for_little_is_refused() {
    // Empty stored blocks of deflate: five bytes for nothing, as often as you like.
    let data = [b"\0\0\0\xff\xff".repeat(100_000), deflate(b"x")].concat();
    let entry = Entry::deflated("bad.rb", "x").with(|e| e.data = data);
    let archive = among_good_ones(entry);
    assert_eq!(read(&archive, "bad.rb").unwrap(), b"x");
    let mut out = Vec::new();
    let error = archive.read(sub("bad.rb"), 1000, &mut out).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
}
