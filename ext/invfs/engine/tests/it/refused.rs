//! Entries that cannot be believed: an error when they are read, and nothing else of the archive suffers.

use invfs_engine::{archive::Archive, ErrorKind};

use crate::support::*;

const CONTENTS: &[u8] = b"puts 'what the entry really holds, what the entry really holds'\n";

pub fn deflated() -> Entry {
    Entry::deflated("bad.rb", CONTENTS)
}

fn stored() -> Entry {
    Entry::stored("bad.rb", CONTENTS)
}

/// Opens an archive with `entry` between two good ones, which must be readable.
pub fn among_good_ones(entry: Entry) -> Archive {
    let good = [
        Entry::deflated("before.rb", "1"),
        Entry::stored("lib/after.rb", "2"),
    ];
    let [before, after] = good;
    let archive = open(Zip::of([before, entry, after]).build()).unwrap();
    assert_eq!(read(&archive, "before.rb").unwrap(), b"1");
    assert_eq!(read(&archive, "lib/after.rb").unwrap(), b"2");
    archive
}

#[test]
fn entries_that_lie_are_refused() {
    use ErrorKind::{Corrupt, Encrypted, Malformed, Unsupported};
    let len = CONTENTS.len() as u64;
    let packed = deflate(CONTENTS);
    let junk = [packed.clone(), b"junk".to_vec()].concat();
    let cut = packed[..packed.len() - 3].to_vec();
    let zstd = Entry::zstd("bad.rb", CONTENTS);
    let zstd_junk = [zstd.data.clone(), b"junk".to_vec()].concat();
    let zstd_cut = zstd.data[..zstd.data.len() - 3].to_vec();
    let mut wrong_byte = stored();
    wrong_byte.data[5] ^= 1;

    let table = [
        ("wrong CRC, stored", stored().with(|e| e.crc = 1), Corrupt),
        (
            "wrong CRC, deflate",
            deflated().with(|e| e.crc = 1),
            Corrupt,
        ),
        ("wrong CRC, zstd", zstd.clone().with(|e| e.crc = 1), Corrupt),
        (
            "wrong CRC, streamed",
            deflated().streamed().with(|e| e.crc = 1),
            Corrupt,
        ),
        ("one bit of the contents", wrong_byte, Corrupt),
        (
            "declared shorter",
            deflated().with(|e| e.size = len - 1),
            Corrupt,
        ),
        (
            "declared longer",
            deflated().with(|e| e.size = len + 1),
            Corrupt,
        ),
        (
            "declared empty",
            deflated().with(|e| {
                e.size = 0;
                e.crc = 0;
            }),
            Corrupt,
        ),
        (
            "zstd declared shorter",
            zstd.clone().with(|e| e.size = len - 1),
            Corrupt,
        ),
        (
            "zstd declared longer",
            zstd.clone().with(|e| e.size = len + 1),
            Corrupt,
        ),
        (
            "stored declared shorter",
            stored().with(|e| e.size = len - 1),
            Malformed,
        ),
        (
            "stored declared longer",
            stored().with(|e| e.size = len + 1),
            Malformed,
        ),
        ("deflate is cut", deflated().with(|e| e.data = cut), Corrupt),
        (
            "junk after deflate",
            deflated().with(|e| e.data = junk),
            Corrupt,
        ),
        (
            "zstd is cut",
            zstd.clone().with(|e| e.data = zstd_cut),
            Corrupt,
        ),
        (
            "junk after zstd",
            zstd.clone().with(|e| e.data = zstd_junk),
            Corrupt,
        ),
        (
            "no deflate at all",
            deflated().with(|e| e.data = b"\xff\xff\xff\xff\xff\xff".into()),
            Corrupt,
        ),
        (
            "no zstd at all",
            zstd.with(|e| e.data = b"\xff\xff\xff\xff\xff\xff".into()),
            Corrupt,
        ),
        ("no data", deflated().with(|e| e.data = vec![]), Corrupt),
        ("encrypted", deflated().with(|e| e.flags = 1), Encrypted),
        (
            "strongly encrypted",
            deflated().with(|e| e.flags = 1 | 1 << 6),
            Encrypted,
        ),
        (
            "AES",
            deflated().with(|e| {
                e.flags = 1;
                e.method = 99;
            }),
            Encrypted,
        ),
        (
            "encrypted directory",
            deflated().with(|e| e.flags = 1 << 13),
            Encrypted,
        ),
        (
            "encrypted in one place",
            deflated().with(|e| e.local_flags = Some(1)),
            Malformed,
        ),
        ("bzip2", deflated().with(|e| e.method = 12), Unsupported),
        ("lzma", deflated().with(|e| e.method = 14), Unsupported),
        ("deflate64", deflated().with(|e| e.method = 9), Unsupported),
        (
            "unknown method",
            deflated().with(|e| e.method = 0xffff),
            Unsupported,
        ),
        (
            "two methods",
            deflated().with(|e| e.local_method = Some(0)),
            Malformed,
        ),
        (
            "two names",
            deflated().with(|e| e.local_name = Some(b"good.rb".into())),
            Malformed,
        ),
        (
            "a longer name",
            deflated().with(|e| e.local_name = Some(b"bad.rb.gz".into())),
            Malformed,
        ),
        (
            "no local name",
            deflated().with(|e| {
                e.local_name = Some(vec![]);
                e.local_extra = vec![0; 8];
            }),
            Malformed,
        ),
        (
            "an unsafe local name",
            deflated().with(|e| e.local_name = Some(b"../bad.rb".into())),
            Malformed,
        ),
        (
            "a local directory",
            deflated().with(|e| e.local_name = Some(b"bad.rb/".into())),
            Malformed,
        ),
        (
            "two sizes",
            deflated().with(|e| e.local_size = Some(1)),
            Malformed,
        ),
        (
            "two compressed sizes",
            deflated().with(|e| e.local_compressed_size = Some(1)),
            Malformed,
        ),
        (
            "no size, not streamed",
            deflated().with(|e| e.local_size = Some(0)),
            Malformed,
        ),
        (
            "two sizes, streamed",
            deflated().streamed().with(|e| e.local_size = Some(1)),
            Malformed,
        ),
        (
            "two CRCs",
            deflated().with(|e| e.local_crc = Some(1)),
            Malformed,
        ),
        (
            "two CRCs, streamed",
            deflated().streamed().with(|e| e.local_crc = Some(1)),
            Malformed,
        ),
        (
            "no local header",
            deflated().with(|e| e.local_signature = Some(*b"PK\x01\x02")),
            Malformed,
        ),
    ];
    for (what, entry, kind) in table {
        let archive = among_good_ones(entry);
        assert_eq!(read_error(&archive, "bad.rb"), kind, "{what}");
        // Looking it up is no reason to fail.
        assert!(crate::support::kind(&archive, "bad.rb").is_some(), "{what}");
    }
}

#[test]
fn harmless_differences_are_accepted() {
    let table = [
        (
            "cleaned names",
            deflated().with(|e| {
                e.name = b"./lib//x".into();
                e.local_name = Some(b"lib/x".into());
            }),
            "lib/x",
        ),
        (
            "local raw name",
            deflated().with(|e| e.local_name = Some(b".//bad.rb".into())),
            "bad.rb",
        ),
        (
            "streamed, numbers known",
            deflated().with(|e| e.flags = 8),
            "bad.rb",
        ),
        (
            "streamed in one header",
            deflated().streamed().with(|e| {
                e.flags = 0;
                e.local_flags = Some(8);
            }),
            "bad.rb",
        ),
        (
            "UTF-8 flag in one header",
            deflated().with(|e| e.local_flags = Some(1 << 11)),
            "bad.rb",
        ),
        (
            "long local extra field",
            deflated().with(|e| e.local_extra = vec![0; 60_000]),
            "bad.rb",
        ),
        (
            "long local extra field, stored",
            stored().with(|e| e.local_extra = vec![0; 60_000]),
            "bad.rb",
        ),
        (
            "extra field without end",
            deflated().with(|e| e.extra = vec![1, 0, 255, 255]),
            "bad.rb",
        ),
        (
            "an entry comment",
            deflated().with(|e| e.comment = vec![b'x'; 65_535]),
            "bad.rb",
        ),
    ];
    for (what, entry, name) in table {
        let archive = among_good_ones(entry);
        assert_eq!(read(&archive, name).unwrap(), CONTENTS, "{what}");
    }
}

#[test]
fn a_long_local_extra_field_of_a_large_stored_entry_is_skipped() {
    let contents = vec![7; 300_000];
    let entry = Entry::stored("bad.rb", &contents).with(|e| e.local_extra = vec![0; 60_000]);
    assert_eq!(read(&among_good_ones(entry), "bad.rb").unwrap(), contents);
}

#[test]
fn the_message_tells_the_method_and_the_numbers() {
    for (entry, words) in [
        (deflated().with(|e| e.method = 12), "method 12"),
        (deflated().with(|e| e.method = 99), "method 99"),
        (stored().with(|e| e.crc = 0xbeef), "0000beef"),
        (stored().with(|e| e.size = 70), "70 bytes"),
    ] {
        let error = read(&among_good_ones(entry), "bad.rb").unwrap_err();
        let message = error.to_string();
        assert!(
            message.starts_with("test.zip: entry \"bad.rb\": "),
            "{message}"
        );
        assert!(message.contains(words), "{message}");
    }
}
