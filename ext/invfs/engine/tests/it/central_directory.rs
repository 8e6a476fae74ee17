//! The central directory: entries that are outside, overlap or are cut off.

use invfs_engine::ErrorKind;

use crate::support::*;

fn entries() -> Vec<Entry> {
    vec![
        Entry::deflated("a.rb", "a".repeat(100)),
        Entry::stored("lib/b.rb", "b"),
        Entry::stored("lib/c.rb", "c").streamed(),
    ]
}

#[test]
fn entries_outside_of_the_file_are_refused() {
    let far = |offset, zip64| {
        let mut entries = entries();
        entries[1].offset = Some(offset);
        entries[1].zip64 = zip64;
        Zip::of(entries).build()
    };
    for bytes in [
        far(1 << 20, false),
        far(u64::from(u32::MAX) - 1, false),
        far(u64::MAX, true),
        far(u64::MAX - 40, true),
    ] {
        assert_eq!(open_error(bytes), ErrorKind::Malformed);
    }
    for compressed_size in [1 << 20, u64::MAX, u64::MAX - 31] {
        let mut entries = entries();
        entries[0].compressed_size = Some(compressed_size);
        entries[0].zip64 = true;
        assert_eq!(open_error(Zip::of(entries).build()), ErrorKind::Malformed);
    }
}

#[test]
fn overlapping_entries_are_refused() {
    // All of them the same data, as in the classic bomb of this kind.
    let mut same = entries();
    same[1].offset = Some(0);
    assert_eq!(open_error(Zip::of(same).build()), ErrorKind::Malformed);
    // One inside the data of another, later one.
    let inner = Zip::of([Entry::stored("x", "x")]).build();
    let mut quoting = vec![Entry::stored("outer", inner), Entry::stored("x", "x")];
    quoting[1].offset = Some(30 + 5);
    assert_eq!(open_error(Zip::of(quoting).build()), ErrorKind::Malformed);
    // The data of one reaches into the next header.
    let mut reaching = entries();
    reaching[1].compressed_size = Some(2);
    reaching[1].size = 2;
    assert_eq!(open_error(Zip::of(reaching).build()), ErrorKind::Malformed);
    // In another order than the directory's is fine.
    let mut bytes = Zip::of(entries()).build();
    let start = bytes.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    let second = start + 46 + 4;
    let end = bytes.len() - 22;
    bytes[start..end].rotate_left(second - start);
    let archive = open(bytes).unwrap();
    assert_eq!(archive.names().next().unwrap(), b"lib/b.rb");
    assert_eq!(read(&archive, "lib/c.rb").unwrap(), b"c");
}

#[test]
fn directories_that_are_damaged_are_refused() {
    let whole = Zip::of(entries()).build();
    let start = whole.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    let second = start + 46 + 4;
    // A signature in the middle, a name longer than the rest, extra fields and a comment of that kind.
    for (at, byte) in [
        (second, 0),
        (second + 29, 0xff),
        (second + 31, 0xff),
        (second + 33, 0xff),
    ] {
        let mut bytes = whole.clone();
        bytes[at] = byte;
        assert_eq!(open_error(bytes), ErrorKind::Malformed, "{}", at - second);
    }
    // The last entry's comment is said to be shorter than it is: bytes are left over.
    let mut entries = entries();
    entries[2].comment = b"comment".to_vec();
    let mut bytes = Zip::of(entries).build();
    let third = bytes.len() - 22 - 7 - 8 - 46;
    assert_eq!(&bytes[third..third + 4], b"PK\x01\x02");
    bytes[third + 32] -= 1;
    assert_eq!(open_error(bytes), ErrorKind::Malformed);
}
