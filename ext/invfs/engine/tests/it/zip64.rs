//! zip64: archives and entries whose numbers do not fit into 32 bits.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};

use invfs_engine::archive::{Archive, Options};
use invfs_engine::ErrorKind;

use crate::support::*;

#[test]
fn small_archives_in_zip64_are_read() {
    let entries = [
        Entry::deflated("a", "a".repeat(1000)).with(|e| e.zip64 = true),
        Entry::stored("b", "b").with(|e| e.zip64 = true),
        Entry::symlink("c", "b").with(|e| e.zip64 = true),
        Entry::deflated("d", "d"),
    ];
    for zip64 in [false, true] {
        let archive = open(Zip::of(entries.clone()).with(|z| z.zip64 = zip64).build()).unwrap();
        for (name, contents) in [
            ("a", "a".repeat(1000)),
            ("b", "b".into()),
            ("c", "b".into()),
            ("d", "d".into()),
        ] {
            assert_eq!(
                read(&archive, name).unwrap(),
                contents.as_bytes(),
                "{zip64} {name}"
            );
        }
    }
}

#[test]
fn zip64_fields_that_are_missing_are_refused() {
    // Sentinels, but no field that says the true numbers.
    let len = u64::from(u32::MAX);
    let lost = Entry::stored("a", "x").with(|e| {
        e.size = len;
        e.compressed_size = Some(len);
    });
    assert_eq!(open_error(Zip::of([lost]).build()), ErrorKind::Malformed);
    let lost = Entry::stored("a", "x").with(|e| e.offset = Some(len));
    assert_eq!(open_error(Zip::of([lost]).build()), ErrorKind::Malformed);
}

#[test]
fn end_records_that_contradict_each_other_are_refused() {
    let zip = Zip::of([Entry::stored("a", "x")]).with(|z| z.zip64 = true);
    let good = zip.build();
    open(good.clone()).unwrap();
    let record = good.len() - 22 - 20 - 56;
    let locator = good.len() - 22 - 20;
    for (what, at) in [
        ("the record's signature", record),
        ("the record's size", record + 4),
        ("the record's disk", record + 16),
        ("entries on this disk", record + 24),
        ("entries", record + 32),
        ("the directory's size", record + 40),
        ("the locator's signature", locator),
    ] {
        let mut bytes = good.clone();
        bytes[at] ^= 0x40;
        let kind = open_error(bytes);
        assert!(
            matches!(kind, ErrorKind::Malformed | ErrorKind::Unsupported),
            "{what}: {kind:?}"
        );
    }
}

/// Writes an archive of which everything but its ends is a hole: a stored entry of `large` zero bytes, then a
/// small one behind it.
fn sparse(path: &std::path::Path, large: u64) {
    let small = Entry::deflated("lib/small.rb", "SMALL = 1\n").with(|e| e.zip64 = true);
    let mut first = Entry::stored("large.bin", "").with(|e| e.zip64 = true);
    (first.size, first.compressed_size) = (large, Some(large));
    // Everything that stands before the hole and behind it, from an archive that is not sparse.
    let head = Zip::of([first.clone()]).build();
    let head = &head[..30 + 9 + 20];
    let mut tail = Zip::of([first, small]).with(|z| z.zip64 = true);
    let small_at = head.len() as u64 + large;
    tail.entries[1].offset = Some(small_at);
    let plain = tail.build();
    let directory = plain.windows(4).position(|w| w == b"PK\x01\x02").unwrap() as u64;
    tail.directory_offset = Some(directory + large);
    let mut bytes = tail.build();
    // The locator says where the record is.
    let locator = bytes.len() - 22 - 20;
    let record = u64::from_le_bytes(bytes[locator + 8..locator + 16].try_into().unwrap());
    bytes[locator + 8..locator + 16].copy_from_slice(&(record + large).to_le_bytes());
    let mut file = File::create(path).unwrap();
    file.write_all(head).unwrap();
    file.seek(SeekFrom::Start(small_at)).unwrap();
    file.write_all(&bytes[head.len()..]).unwrap();
}

#[test]
fn an_archive_of_more_than_4_gib_is_read() {
    let dir = TempDir::new();
    let path = dir.path().join("large.zip");
    let large = (4 << 30) + 12_345;
    sparse(&path, large);
    let archive = Archive::open(&path, &Options::default()).unwrap();
    assert_eq!(read(&archive, "lib/small.rb").unwrap(), b"SMALL = 1\n");
    let info = archive.entry(sub("large.bin")).unwrap();
    assert_eq!((info.size, info.compressed_size), (large, large));
    assert_eq!(read_error(&archive, "large.bin"), ErrorKind::TooLarge);
    let theirs = zip::ZipArchive::new(File::open(&path).unwrap()).unwrap();
    assert_eq!(theirs.len(), 2);
    // Cut off in the middle of the hole, and filled up with a hole.
    let file = File::options().write(true).open(&path).unwrap();
    file.set_len(large / 2).unwrap();
    let error = Archive::open(&path, &Options::default()).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    file.set_len(large + 12_345).unwrap();
    let error = Archive::open(&path, &Options::default()).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Malformed);
}

#[test]
fn a_directory_that_is_a_hole_takes_no_memory() {
    // A sparse file whose end record claims a huge central directory, of huge numbers of entries.
    let dir = TempDir::new();
    let path = dir.path().join("hole.zip");
    let size: u64 = 1 << 40;
    let zip = Zip::default().with(|z| {
        z.zip64 = true;
        z.count = Some(size / 64);
        z.directory_size = Some(size);
        z.directory_offset = Some(0);
    });
    let mut bytes = zip.build();
    let locator = bytes.len() - 22 - 20;
    bytes[locator + 8..locator + 16].copy_from_slice(&size.to_le_bytes());
    let mut file = File::create(&path).unwrap();
    file.write_all(b"PK\x01\x02").unwrap();
    file.seek(SeekFrom::Start(size)).unwrap();
    file.write_all(&bytes).unwrap();
    let error = Archive::open(&path, &Options::default()).err().unwrap();
    assert!(
        matches!(error.kind(), ErrorKind::UnsafeName | ErrorKind::Malformed),
        "{error}"
    );
}
