//! Sound archives: everything that people's tools write is read, and read right.

use invfs_engine::archive::{Archive, Options};
use invfs_engine::vfs::{Kind, Vfs};
use invfs_engine::ErrorKind;

use crate::support::*;

fn text(len: usize) -> Vec<u8> {
    b"class Foo; def bar = :baz; end\n"
        .iter()
        .copied()
        .cycle()
        .take(len)
        .collect()
}

#[test]
fn every_method_and_size_is_read() {
    for len in [0, 1, 2, 31, 1000, 65_535, 65_536, 65_537, 1_000_000] {
        let contents = text(len);
        let made = [
            Entry::stored("a", &contents),
            Entry::deflated("a", &contents),
            Entry::zstd("a", &contents),
        ];
        for entry in made {
            let method = entry.method;
            for entry in [entry.clone(), entry.streamed()] {
                let zip = Zip::of([entry, Entry::stored("after", "x")]);
                let archive = open(zip.build()).unwrap();
                assert_eq!(read(&archive, "a").unwrap(), contents, "{method} {len}");
                assert_eq!(read(&archive, "after").unwrap(), b"x");
            }
        }
    }
}

#[test]
fn incompressible_contents_are_read() {
    let mut state = 1u32;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    })
    .take(200_000)
    .collect();
    let zip = Zip::of([Entry::deflated("d", &noise), Entry::zstd("z", &noise)]);
    let archive = open(zip.build()).unwrap();
    assert_eq!(read(&archive, "d").unwrap(), noise);
    assert_eq!(read(&archive, "z").unwrap(), noise);
}

#[test]
fn what_the_zip_crate_writes_is_read() {
    let long = text(100_000);
    let files: [(&str, &[u8]); 4] = [
        ("a.rb", b"A = 1\n"),
        ("lib/deep/er/b.rb", &long),
        ("empty", b""),
        ("données/été.rb", b"# utf-8\n"),
    ];
    let archive = open(written_by_zip_crate(&files)).unwrap();
    assert_eq!(archive.len(), files.len());
    for ((name, contents), listed) in files.iter().zip(archive.names()) {
        assert_eq!(listed, name.as_bytes());
        assert_eq!(read(&archive, name).unwrap(), *contents, "{name}");
    }
}

#[test]
fn the_zip_crate_agrees_about_what_the_builder_makes() {
    let entries = [
        Entry::stored("s", text(5000)),
        Entry::deflated("lib/d", text(5000)),
        Entry::deflated("streamed", text(77)).streamed(),
        Entry::deflated("wide", text(99)).with(|e| e.zip64 = true),
    ];
    let mut prefixed = Zip::of(entries.clone()).with(|z| z.prefix = b"#!/bin/sh\n".to_vec());
    prefixed.comment = b"a comment".to_vec();
    let zips = [
        Zip::of(entries.clone()),
        prefixed,
        Zip::of(entries).with(|z| z.zip64 = true),
    ];
    for zip in zips {
        let bytes = zip.build();
        let ours = open(bytes.clone()).unwrap();
        let mut theirs = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
        assert_eq!(theirs.len(), ours.len());
        for entry in &zip.entries {
            let name = std::str::from_utf8(&entry.name).unwrap();
            let mut file = theirs.by_name(name).unwrap();
            assert_eq!(file.compression(), builder::method(entry.method));
            let mut contents = Vec::new();
            std::io::Read::read_to_end(&mut file, &mut contents).unwrap();
            assert_eq!(read(&ours, name).unwrap(), contents, "{name}");
        }
    }
}

#[test]
fn an_empty_archive_has_no_files() {
    for zip in [
        Zip::default(),
        Zip::default().with(|z| z.prefix = b"#!/bin/sh\nexit\n".to_vec()),
        Zip::default().with(|z| z.comment = b"nothing".to_vec()),
        Zip::default().with(|z| z.zip64 = true),
    ] {
        let archive = open(zip.build()).unwrap();
        assert!(archive.is_empty());
        assert_eq!(archive.names().count(), 0);
        assert_eq!(list(&archive, ""), Some(vec![]));
        assert_eq!(kind(&archive, ""), Some(Kind::Directory));
        assert_eq!(kind(&archive, "a"), None);
        assert_eq!(read_error(&archive, "a"), ErrorKind::NotFound);
    }
}

#[test]
fn what_the_directory_says_is_told() {
    let mut stamped = Entry::deflated("stamped", text(300));
    stamped.mode = 0o100_751;
    stamped.time = (45 << 25 | 2 << 21 | 28 << 16) | (13 << 11 | 14 << 5 | 8);
    let mut extended = Entry::stored("extended", "x");
    extended.time = stamped.time;
    builder::field(
        &mut extended.extra,
        0x7875,
        &[1, 4, 0, 0, 0, 0, 4, 0, 0, 0, 0],
    );
    builder::field(&mut extended.extra, 0x5455, &[1, 0xff, 0xff, 0xff, 0x7f]);
    let plain = Entry::stored("plain", "xyz");
    let (size, compressed) = (stamped.size, stamped.data.len() as u64);
    let crc = stamped.crc;
    let archive = open(Zip::of([stamped, extended, plain]).build()).unwrap();

    let info = archive.entry(sub("stamped")).unwrap();
    assert_eq!(
        (info.kind, info.size, info.compressed_size),
        (Kind::File, size, compressed)
    );
    assert_eq!((info.method, info.crc, info.mode), (8, crc, 0o751));
    assert!(!info.encrypted);
    // date -u -d '2025-02-28 13:14:16' +%s
    assert_eq!(info.mtime, 1_740_748_456);
    let stat = archive.stat(sub("stamped")).unwrap().unwrap();
    assert_eq!(
        (stat.kind, stat.size, stat.mode, stat.mtime),
        (Kind::File, size, 0o751, info.mtime)
    );

    assert_eq!(archive.entry(sub("extended")).unwrap().mtime, 0x7fff_ffff);
    let plain = archive.entry(sub("plain")).unwrap();
    assert_eq!((plain.mode, plain.mtime), (0o644, 0), "month 0 is no date");
    assert_eq!(archive.entry(sub("missing")), None);
    assert_eq!(archive.name(), "test.zip");
    assert_eq!(archive.identity(), None);
}

#[test]
fn impossible_times_do_no_harm() {
    for time in [
        u32::MAX,
        0,
        1 << 16,
        15 << 21 | 31 << 16,
        0x21_0000,
        0x7f << 25,
    ] {
        let entry = Entry::stored("a", "x").with(|e| e.time = time);
        let archive = open(Zip::of([entry]).build()).unwrap();
        assert!(archive.stat(sub("a")).unwrap().unwrap().mtime >= 0);
    }
}

#[test]
fn the_smaller_limit_decides() {
    let contents = text(1000);
    for entry in [
        Entry::stored("a", &contents),
        Entry::deflated("a", &contents),
        Entry::zstd("a", &contents),
    ] {
        let bytes = Zip::of([entry]).build();
        for (max_entry_size, limit, fits) in [
            (1000, 1000, true),
            (1000, u64::MAX, true),
            (999, u64::MAX, false),
            (u64::MAX, 999, false),
            (0, 0, false),
        ] {
            let options = Options { max_entry_size };
            let archive = Archive::from_bytes(bytes.clone(), "test.zip", &options).unwrap();
            let mut out = b"before".to_vec();
            match archive.read(sub("a"), limit, &mut out) {
                Ok(()) => assert!(fits && out == contents),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::TooLarge);
                    assert!(!fits, "{max_entry_size} {limit}");
                    assert_eq!(out, b"before", "no room was made");
                }
            }
        }
    }
}

#[test]
fn a_closed_archive_says_so() {
    let archive = open(Zip::of([Entry::stored("a", "x")]).build()).unwrap();
    assert!(!archive.is_closed());
    archive.close();
    archive.close();
    assert!(archive.is_closed());
    let kinds = [
        archive.stat(sub("a")).unwrap_err().kind(),
        archive.stat(sub("")).unwrap_err().kind(),
        archive.stat(sub("missing")).unwrap_err().kind(),
        archive.list(sub("")).unwrap_err().kind(),
        archive
            .read(sub("a"), 9, &mut Vec::new())
            .unwrap_err()
            .kind(),
        archive
            .read(sub("missing"), 9, &mut Vec::new())
            .unwrap_err()
            .kind(),
    ];
    assert_eq!(kinds, [ErrorKind::Closed; 6]);
}

#[test]
fn many_threads_read_at_once() {
    let entries: Vec<Entry> = (0..200)
        .map(|n| Entry::deflated(&format!("f{n}"), text(n * 37)))
        .collect();
    let archive = open(Zip::of(entries).build()).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let archive = &archive;
            scope.spawn(move || {
                for n in 0..200 {
                    let n = (n * 7 + thread * 31) % 200;
                    let contents = read(archive, &format!("f{n}")).unwrap();
                    assert_eq!(contents, text(n * 37));
                }
            });
        }
    });
}
