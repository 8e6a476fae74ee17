//! Writing archives: what was written is read back, by this reader and by another one, and is the same every time.

use std::fs;
use std::io::{Cursor, Read};
use std::path::Path;

use invfs_engine::archive::writer::{Attributes, Compression, Writer, EARLIEST};
use invfs_engine::vfs::Kind;
use invfs_engine::{Error, ErrorKind};

use crate::support::{list, open, read, sub, TempDir};

const METHODS: [Compression; 5] = [
    Compression::Stored,
    Compression::Deflate(1),
    Compression::Deflate(6),
    Compression::Deflate(12),
    Compression::Zstd(3),
];

/// Writes an archive into memory.
fn write(add: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let dir = TempDir::new();
    let path = dir.path().join("written.zip");
    let mut writer = Writer::create(&path).expect("a writer");
    add(&mut writer);
    writer.finish().expect("an archive");
    assert_eq!(names_in(dir.path()), ["written.zip"]);
    fs::read(path).expect("the archive")
}

fn names_in(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).expect("a directory");
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("UTF-8")
        })
        .collect();
    names.sort();
    names
}

fn add(writer: &mut Writer, name: &str, contents: &[u8], compression: Compression) -> u64 {
    writer
        .add(
            name.as_bytes(),
            contents,
            &Attributes::default(),
            compression,
        )
        .expect("an entry")
}

/// Contents of many kinds: empty, tiny, text, noise, zeros.
fn samples() -> Vec<(String, Vec<u8>)> {
    let noise = (0..100_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8);
    let samples: [(&str, Vec<u8>); 7] = [
        ("empty", vec![]),
        ("one", b"1".to_vec()),
        ("lib/text.rb", b"puts 'hello, hello'\n".repeat(50)),
        ("lib/deep/er/noise", noise.collect()),
        ("zeros", vec![0; 3_000_000]),
        ("größe/日本.txt", "ä".into()),
        (".hidden/a b", b"with a space".to_vec()),
    ];
    samples
        .map(|(name, contents)| (name.to_owned(), contents))
        .into()
}

#[test]
fn what_was_written_is_read_back() {
    for compression in METHODS {
        let bytes = write(|writer| {
            for (name, contents) in samples() {
                let size = add(writer, &name, &contents, compression);
                assert!(size <= contents.len() as u64);
            }
        });
        let archive = open(bytes.clone()).expect("an archive");
        assert_eq!(archive.len(), samples().len());
        for (name, contents) in samples() {
            assert_eq!(read(&archive, &name).expect("contents"), contents, "{name}");
        }
        // The zip crate is built without zstd here.
        if !matches!(compression, Compression::Zstd(_)) {
            read_by_the_zip_crate(bytes);
        }
    }
}

fn read_by_the_zip_crate(bytes: Vec<u8>) {
    let mut other = zip::ZipArchive::new(Cursor::new(bytes)).expect("an archive");
    for (name, contents) in samples() {
        let mut file = other.by_name(&name).expect("an entry");
        let mut read = Vec::new();
        file.read_to_end(&mut read).expect("contents");
        assert_eq!(read, contents, "{name}");
        assert_eq!(file.unix_mode(), Some(0o100_644));
        let time = file.last_modified().expect("a time");
        assert_eq!((time.year(), time.month(), time.hour()), (1980, 1, 0));
    }
}

#[test]
fn methods_are_those_that_were_asked_for() {
    for (compression, number) in [
        (Compression::Stored, 0),
        (Compression::Deflate(6), 8),
        (Compression::Zstd(3), 93),
    ] {
        let bytes = write(|writer| {
            add(writer, "text", &b"again ".repeat(100), compression);
            add(writer, "short", b"x", compression);
        });
        let archive = open(bytes).expect("an archive");
        let method = |name| archive.entry(sub(name)).expect("an entry").method;
        assert_eq!(method("text"), number);
        assert_eq!(method("short"), 0, "what would grow is stored");
    }
}

#[test]
fn attributes_are_kept() {
    for (mode, mtime, expected) in [
        (0o644, 1_700_000_001, (0o644, 1_700_000_001)),
        (0o100_755, EARLIEST, (0o755, EARLIEST)),
        (0o6711, i64::from(u32::MAX), (0o6711, i64::from(u32::MAX))),
        (0, 0, (0, EARLIEST)),
        (0o600, -1, (0o600, EARLIEST)),
        (0o600, i64::MIN, (0o600, EARLIEST)),
        (0o600, i64::MAX, (0o600, i64::from(u32::MAX))),
    ] {
        let attributes = Attributes { mode, mtime };
        let bytes = write(|writer| {
            let file = writer.add(b"file", b"x", &attributes, Compression::Stored);
            file.expect("a file");
            writer.directory(b"dir", &attributes).expect("a directory");
        });
        let archive = open(bytes).expect("an archive");
        let file = archive.entry(sub("file")).expect("an entry");
        assert_eq!((file.mode, file.mtime), expected);
        let dir = invfs_engine::vfs::Vfs::stat(&archive, sub("dir")).expect("an answer");
        let dir = dir.expect("a directory");
        assert_eq!(
            (dir.kind, dir.mode, dir.mtime),
            (Kind::Directory, expected.0, expected.1)
        );
    }
}

#[test]
fn links_and_directories() {
    let bytes = write(|writer| {
        add(writer, "lib/a.rb", b"A", Compression::Stored);
        writer.symlink(b"lib/b.rb", b"a.rb", 0).expect("a link");
        writer.symlink(b"nowhere", b"gone/x", 0).expect("a link");
        writer
            .directory(b"empty/inner", &Attributes::default())
            .expect("a directory");
        writer
            .directory(b"lib", &Attributes::default())
            .expect("a directory");
    });
    let archive = open(bytes.clone()).expect("an archive");
    let entry = archive.entry(sub("lib/b.rb")).expect("an entry");
    assert_eq!((entry.kind, entry.size), (Kind::Symlink, 4));
    assert_eq!(read(&archive, "lib/b.rb").expect("contents"), b"A");
    assert_eq!(
        list(&archive, "").expect("names"),
        ["empty/", "lib/", "nowhere@"]
    );
    assert_eq!(list(&archive, "empty").expect("names"), ["inner/"]);
    assert_eq!(list(&archive, "empty/inner").expect("names"), [""; 0]);
    let mut other = zip::ZipArchive::new(Cursor::new(bytes)).expect("an archive");
    assert!(other.by_name("lib/b.rb").expect("an entry").is_symlink());
    assert!(other.by_name("empty/inner/").expect("an entry").is_dir());
}

#[test]
fn odd_names_are_kept_as_they_are() {
    let names: [&[u8]; 9] = [
        b"-dash",
        b"ab:c",
        "doc/Größe:x".as_bytes(),
        b"a..b/..c",
        b"bad\xff\xfe/name",
        b"tab\tnl\n",
        b"~",
        b"...",
        b" ",
    ];
    let bytes = write(|writer| {
        for name in names {
            let added = writer.add(name, name, &Attributes::default(), Compression::Stored);
            added.expect("an entry");
        }
    });
    let archive = open(bytes).expect("an archive");
    assert_eq!(archive.names().collect::<Vec<_>>(), names);
}

#[test]
fn utf8_names_are_marked_as_such() {
    let bytes = write(|writer| {
        add(writer, "größe", b"", Compression::Stored);
    });
    let mut other = zip::ZipArchive::new(Cursor::new(bytes)).expect("an archive");
    let entry = other.by_index(0).expect("an entry");
    assert_eq!(entry.name(), "größe");
}

#[test]
fn unclean_names_are_cleaned() {
    let bytes = write(|writer| {
        add(writer, "./lib//a.rb", b"", Compression::Stored);
    });
    let archive = open(bytes).expect("an archive");
    assert_eq!(archive.names().collect::<Vec<_>>(), [b"lib/a.rb"]);
}

fn refused(name: &[u8], also: &[&[u8]]) -> Box<Error> {
    let dir = TempDir::new();
    let mut writer = Writer::create(&dir.path().join("x.zip")).expect("a writer");
    let mut add = |name: &[u8]| writer.add(name, b"", &Attributes::default(), Compression::Stored);
    for name in also {
        add(name).expect("an entry");
    }
    let error = add(name).expect_err("refused");
    assert!(error.to_string().contains("x.zip"), "{error}");
    // A refused name is no reason to give the archive up.
    add(b"another").expect("an entry");
    writer.finish().expect("an archive");
    error
}

#[test]
fn names_that_a_reader_refuses_are_not_written() {
    let long = "x".repeat(256);
    let names: [&[u8]; 12] = [
        b"",
        b".",
        b"./",
        b"..",
        b"../a",
        b"a/../b",
        b"/a",
        b"a\\b",
        b"a\0",
        b"C:/x",
        b"dir/",
        long.as_bytes(),
    ];
    for name in names {
        assert_eq!(refused(name, &[]).kind(), ErrorKind::UnsafeName, "{name:?}");
    }
    let twice: [(&[u8], &[u8]); 4] = [(b"a", b"a"), (b"./a", b"a"), (b"a/b", b"a"), (b"a", b"a/b")];
    for (name, before) in twice {
        assert_eq!(
            refused(name, &[before]).kind(),
            ErrorKind::DuplicateName,
            "{name:?}"
        );
    }
}

#[test]
fn more_entries_than_16_bits_can_count() {
    const COUNT: usize = 70_000;
    let bytes = write(|writer| {
        for number in 0..COUNT {
            add(
                writer,
                &format!("d{}/{number}", number % 100),
                b"x",
                Compression::Stored,
            );
        }
    });
    let archive = open(bytes.clone()).expect("an archive");
    assert_eq!(archive.len(), COUNT);
    assert_eq!(read(&archive, "d99/69999").expect("contents"), b"x");
    let other = zip::ZipArchive::new(Cursor::new(bytes)).expect("an archive");
    assert_eq!(other.len(), COUNT);
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let once = || {
        write(|writer| {
            for (number, (name, contents)) in samples().into_iter().enumerate() {
                add(writer, &name, &contents, METHODS[number % METHODS.len()]);
            }
            writer.symlink(b"link", b"empty", EARLIEST).expect("a link");
            writer
                .directory(b"dir", &Attributes::default())
                .expect("a directory");
        })
    };
    assert_eq!(once(), once());
}
