//! The end of central directory record: found where it is, refused where it lies.

use invfs_engine::ErrorKind;

use crate::support::*;

fn entries() -> Vec<Entry> {
    vec![
        Entry::deflated("a.rb", "a".repeat(100)),
        Entry::stored("lib/b.rb", "b"),
        Entry::stored("lib/c.rb", "c").streamed(),
    ]
}

fn zip() -> Zip {
    Zip::of(entries())
}

fn assert_readable(bytes: Vec<u8>, what: &str) {
    let archive = open(bytes).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(archive.len(), 3, "{what}");
    assert_eq!(
        read(&archive, "a.rb").unwrap(),
        "a".repeat(100).as_bytes(),
        "{what}"
    );
    assert_eq!(read(&archive, "lib/b.rb").unwrap(), b"b", "{what}");
    assert_eq!(read(&archive, "lib/c.rb").unwrap(), b"c", "{what}");
}

/// A record of an empty archive.
fn empty_record() -> Vec<u8> {
    Zip::default().build()
}

#[test]
fn prefixes_and_comments_are_accepted() {
    let script = b"#!/bin/sh\nexec ruby -x \"$0\"\n".to_vec();
    let long = vec![b'x'; 200_000];
    let signature = b"PK\x05\x06".to_vec();
    let table = [
        ("plain", zip()),
        ("prefix", zip().with(|z| z.prefix = script.clone())),
        (
            "prefix, absolute offsets",
            zip().with(|z| {
                z.prefix = script.clone();
                z.absolute = true;
            }),
        ),
        ("long prefix", zip().with(|z| z.prefix = long.clone())),
        (
            "an archive as prefix, absolute",
            zip().with(|z| {
                z.prefix = zip().build();
                z.absolute = true;
            }),
        ),
        (
            "zip64, prefix",
            zip().with(|z| {
                z.prefix = script.clone();
                z.zip64 = true;
            }),
        ),
        (
            "zip64, prefix, absolute",
            zip().with(|z| {
                z.prefix = script;
                z.absolute = true;
                z.zip64 = true;
            }),
        ),
        (
            "zip64 that is not needed",
            zip().with(|z| z.zip64_unneeded = true),
        ),
        (
            "a gap before the directory",
            zip().with(|z| z.gap = vec![7; 5000]),
        ),
        ("comment", zip().with(|z| z.comment = b"hello".to_vec())),
        (
            "longest comment",
            zip().with(|z| z.comment = vec![b'x'; 65_535]),
        ),
        (
            "signature as comment",
            zip().with(|z| z.comment = signature.clone()),
        ),
        (
            "comment with signatures",
            zip().with(|z| z.comment = signature.repeat(1000)),
        ),
        (
            "comment ends in a signature",
            zip().with(|z| z.comment = [vec![b'x'; 18], signature].concat()),
        ),
    ];
    for (what, zip) in table {
        assert_readable(zip.build(), what);
    }
}

/// Other readers take the last record, and see an empty archive.
#[test]
fn a_record_of_an_empty_archive_in_the_comment_is_refused() {
    let record = empty_record();
    for (what, zip) in [
        ("a record", zip().with(|z| z.comment = record.clone())),
        ("many", zip().with(|z| z.comment = record.repeat(100))),
        (
            "zip64",
            zip().with(|z| {
                z.comment = record.clone();
                z.zip64 = true;
            }),
        ),
    ] {
        let error = open(zip.build()).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Malformed, "{what}");
    }
}

/// As bsdtar pads what it writes into a pipe.
#[test]
fn nul_bytes_at_the_end_are_accepted_and_nothing_else() {
    for length in [1, 22, 1_000, 60_000] {
        let padding = vec![0; length];
        assert_readable(
            [zip().build(), padding.clone()].concat(),
            &length.to_string(),
        );
        let zip = zip().with(|z| z.comment = b"hello".to_vec());
        assert_readable([zip.build(), padding.clone()].concat(), "after a comment");
        let other = [zip.build(), padding, b"x".to_vec()].concat();
        assert_eq!(open(other).err().unwrap().kind(), ErrorKind::Malformed);
    }
}

#[test]
fn entry_comments_that_look_like_records_are_accepted() {
    let mut locator = b"PK\x06\x07".to_vec();
    locator.extend([0; 16]);
    let (record64, classic) = (b"PK\x06\x06".to_vec(), empty_record());
    for comment in [locator, [record64, vec![44], vec![0; 71]].concat(), classic] {
        let mut entries = entries();
        entries[2].comment = comment;
        assert_readable(Zip::of(entries).build(), "entry comment");
    }
}

#[test]
fn an_archive_behind_another_is_refused() {
    // It may be an entry of the other, which was cut off: see the test of truncation.
    let zip = zip().with(|z| z.prefix = crate::end_record::zip().build());
    assert_eq!(open_error(zip.build()), ErrorKind::Malformed);
}

#[test]
fn ambiguous_archives_are_refused() {
    // Two whole archives end at the end of this file. Readers differ in which they take.
    let inner = Zip::of([Entry::stored("evil.rb", "evil")]);
    let zip = zip().with(|z| z.comment = inner.build());
    assert_eq!(open_error(zip.build()), ErrorKind::Malformed);
}

/// Readers that go by the last signature do not look at the length of the comment, and some at little else.
#[test]
fn a_comment_that_holds_what_others_take_for_a_record_is_refused() {
    let inner = Zip::of([Entry::stored("evil.rb", "evil")]);
    let own_record = zip().build()[zip().build().len() - 22..].to_vec();
    let mut comments = vec![own_record, inner.clone().with(|z| z.zip64 = true).build()];
    for more in 0..5 {
        let with = |change: &dyn Fn(&mut Zip)| inner.clone().with(change).build();
        comments.push(with(&|z| z.suffix = vec![b'x'; more]));
        comments.push(with(&|z| z.comment_len = Some(more as u16)));
        comments.push(with(&|z| {
            z.comment = b"inner".to_vec();
            z.comment_len = Some(more as u16);
        }));
        comments.push(with(&|z| {
            z.suffix = vec![b'x'; more];
            z.count_here = Some(0);
        }));
        comments.push(with(&|z| {
            z.suffix = vec![b'x'; more];
            z.disk = 1;
        }));
    }
    for comment in comments {
        let zip = zip().with(|z| z.comment = comment.clone());
        assert_eq!(
            open_error(zip.build()),
            ErrorKind::Malformed,
            "{comment:x?}"
        );
        // In an entry it says nothing about the archive.
        let stored = zip.with(|z| {
            z.entries.push(Entry::stored("inner.zip", &comment));
            z.comment.clear();
        });
        assert_eq!(
            read(&open(stored.build()).unwrap(), "inner.zip").unwrap(),
            comment
        );
    }
}

#[test]
fn records_that_lie_are_refused() {
    use ErrorKind::{Malformed, NotAnArchive, Unsupported};
    let size = zip().build().len() as u64;
    let table = [
        (
            "one entry too few",
            zip().with(|z| z.count = Some(2)),
            Malformed,
        ),
        (
            "one entry too many",
            zip().with(|z| z.count = Some(4)),
            Malformed,
        ),
        ("no entries", zip().with(|z| z.count = Some(0)), Malformed),
        (
            "many entries",
            zip().with(|z| z.count = Some(65_534)),
            Malformed,
        ),
        (
            "65,535 entries",
            zip().with(|z| z.count = Some(65_535)),
            Malformed,
        ),
        (
            "absurdly many entries",
            zip().with(|z| {
                z.count = Some(u64::MAX);
                z.zip64 = true;
            }),
            Malformed,
        ),
        (
            "directory shorter",
            zip().with(|z| z.directory_size = Some(46)),
            Malformed,
        ),
        (
            "directory empty",
            zip().with(|z| z.directory_size = Some(0)),
            Malformed,
        ),
        (
            "directory larger than the file",
            zip().with(|z| z.directory_size = Some(size)),
            Malformed,
        ),
        (
            "directory absurdly large",
            zip().with(|z| {
                z.directory_size = Some(u64::MAX);
                z.zip64 = true;
            }),
            Malformed,
        ),
        (
            "directory behind the end",
            zip().with(|z| z.directory_offset = Some(size)),
            Malformed,
        ),
        (
            "directory absurdly far",
            zip().with(|z| {
                z.directory_offset = Some(u64::MAX);
                z.zip64 = true;
            }),
            Malformed,
        ),
        (
            "directory one byte later",
            zip().with(|z| {
                z.directory_offset = Some(size);
                z.zip64 = true;
            }),
            Malformed,
        ),
        (
            "part of several",
            zip().with(|z| {
                z.disk = 1;
                z.directory_disk = 1;
            }),
            Unsupported,
        ),
        (
            "directory elsewhere",
            zip().with(|z| z.directory_disk = 1),
            Unsupported,
        ),
        (
            "entries elsewhere",
            zip().with(|z| z.count_here = Some(1)),
            Unsupported,
        ),
        (
            "zip64, part of several",
            zip().with(|z| {
                z.disk = 1;
                z.zip64 = true;
            }),
            Unsupported,
        ),
        (
            "zip64, several disks",
            zip().with(|z| {
                z.disks = Some(2);
                z.zip64 = true;
            }),
            Unsupported,
        ),
        (
            "comment longer",
            zip().with(|z| z.comment_len = Some(1)),
            Malformed,
        ),
        (
            "comment shorter",
            zip().with(|z| {
                z.comment = b"hello".to_vec();
                z.comment_len = Some(4);
            }),
            Malformed,
        ),
        (
            "something appended",
            zip().with(|z| z.suffix = b"\n".to_vec()),
            Malformed,
        ),
        (
            "much appended",
            zip().with(|z| z.suffix = vec![0; 100_000]),
            Malformed,
        ),
        (
            "much appended to a prefix",
            zip().with(|z| {
                z.prefix = b"#!".to_vec();
                z.suffix = vec![0; 100_000];
            }),
            NotAnArchive,
        ),
    ];
    for (what, zip, kind) in table {
        assert_eq!(open_error(zip.build()), kind, "{what}");
    }
}

#[test]
fn an_offset_that_is_off_is_never_believed() {
    // It looks like a prefix, so it opens; but no local header is where it should be.
    for off in [1, 2, 30, 46] {
        let whole = zip().build();
        let start = whole.windows(4).position(|w| w == b"PK\x01\x02").unwrap() as u64;
        let zip = zip().with(|z| z.directory_offset = Some(start - off));
        match open(zip.build()) {
            Ok(archive) => assert_eq!(read_error(&archive, "a.rb"), ErrorKind::Malformed, "{off}"),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Malformed, "{off}"),
        }
    }
}

#[test]
fn other_files_are_no_archives() {
    for bytes in [
        vec![],
        b"P".to_vec(),
        b"puts 1\n".to_vec(),
        vec![0; 100_000],
        b"\x7fELF".to_vec(),
        b"Rar!\x1a\x07\0".to_vec(),
    ] {
        assert_eq!(open_error(bytes), ErrorKind::NotAnArchive);
    }
    assert_eq!(open_error(b"PK\x03\x04".repeat(100)), ErrorKind::Malformed);
    assert_eq!(open_error(b"PK\x05\x06".to_vec()), ErrorKind::NotAnArchive);
    assert_eq!(open_error(b"PK\x05\x06".repeat(100)), ErrorKind::Malformed);
}

#[test]
fn every_truncation_is_an_error() {
    let small = [
        Entry::deflated("a.rb", "a".repeat(40)),
        Entry::stored("b/c", "c").streamed(),
    ];
    let zips = [
        Zip::of(small.clone()),
        Zip::of(small.clone()).with(|z| {
            z.zip64 = true;
            z.comment = b"comment".to_vec();
        }),
        Zip::of(small).with(|z| {
            z.prefix = b"#!ruby\n".to_vec();
            z.comment = vec![b'x'; 50];
        }),
        Zip::default(),
        // An archive in the archive, stored: its end is not the end.
        Zip::of([Entry::stored("inner.zip", zip().build())]),
        Zip::of([Entry::stored("inner.zip", zip().build())])
            .with(|z| z.prefix = b"#!ruby\n".to_vec()),
    ];
    for zip in zips {
        let bytes = zip.build();
        open(bytes.clone()).unwrap();
        for len in 0..bytes.len() {
            let kind = open_error(&bytes[..len]);
            assert!(
                matches!(kind, ErrorKind::Malformed | ErrorKind::NotAnArchive),
                "{len}: {kind:?}"
            );
        }
    }
}
