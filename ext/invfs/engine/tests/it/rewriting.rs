//! Replacing an archive: entries are taken over as they are, and the old file stays until the new one is whole.

use std::fs;
use std::os::unix::fs::{symlink, MetadataExt, PermissionsExt};

use invfs_engine::archive::writer::{Attributes, Compression, Writer};
use invfs_engine::archive::{Archive, Options};
use invfs_engine::vfs::{Kind, Vfs};
use invfs_engine::ErrorKind;

use crate::support::{list, open, read, sub, written_by_zip_crate, Entry, TempDir, Zip};

/// Copies everything in `bytes` to a new archive.
fn copy(bytes: Vec<u8>) -> invfs_engine::Result<Vec<u8>> {
    let archive = open(bytes).expect("an archive");
    let dir = TempDir::new();
    let path = dir.path().join("copy.zip");
    let mut writer = Writer::like(&path, &archive)?;
    for name in archive.names() {
        writer.copy(&archive, sub(std::str::from_utf8(name).expect("UTF-8")))?;
    }
    writer.copy_directories(&archive)?;
    writer.finish()?;
    Ok(fs::read(path).expect("the archive"))
}

#[test]
fn entries_of_any_writer_are_copied() {
    let text = b"again ".repeat(1000);
    let bytes = written_by_zip_crate(&[("a.rb", b"A"), ("lib/b.rb", &text), ("empty", b"")]);
    let (old, new) = (open(bytes.clone()), open(copy(bytes).expect("a copy")));
    let (old, new) = (old.expect("an archive"), new.expect("an archive"));
    assert_eq!(
        old.names().collect::<Vec<_>>(),
        new.names().collect::<Vec<_>>()
    );
    for name in ["a.rb", "lib/b.rb", "empty"] {
        assert_eq!(
            read(&old, name).expect("contents"),
            read(&new, name).expect("contents")
        );
        let (before, after) = (old.entry(sub(name)), new.entry(sub(name)));
        let (before, after) = (before.expect("an entry"), after.expect("an entry"));
        assert_eq!(before.method, after.method, "{name}");
        assert_eq!(before.compressed_size, after.compressed_size, "{name}");
    }
}

#[test]
fn copying_again_changes_nothing() {
    let bytes = written_by_zip_crate(&[("a.rb", b"A"), ("lib/b.rb", b"B")]);
    let once = copy(bytes).expect("a copy");
    assert_eq!(copy(once.clone()).expect("a copy"), once);
}

#[test]
fn links_directories_modes_and_times_are_copied() {
    let dir = TempDir::new();
    let path = dir.path().join("x.zip");
    let mut writer = Writer::create(&path).expect("a writer");
    let attributes = Attributes {
        mode: 0o750,
        mtime: 1_700_000_001,
    };
    writer
        .add(b"run", b"#!", &attributes, Compression::Stored)
        .expect("a file");
    writer
        .symlink(b"link", b"run", 1_700_000_002)
        .expect("a link");
    writer
        .directory(b"none/inner", &attributes)
        .expect("a directory");
    writer.finish().expect("an archive");
    let bytes = fs::read(&path).expect("bytes");
    assert_eq!(copy(bytes.clone()).expect("a copy"), bytes);
}

#[test]
fn a_program_before_the_archive_and_a_comment_stay() {
    for absolute in [false, true] {
        let zip = Zip::of([Entry::stored("a.rb", "A"), Entry::stored("b.rb", "B")]).with(|zip| {
            zip.prefix = b"#!/bin/sh\nexec invfs run \"$0\"\n".to_vec();
            zip.absolute = absolute;
            zip.comment = b"a comment".to_vec();
        });
        let bytes = copy(zip.build()).expect("a copy");
        assert!(bytes.starts_with(b"#!/bin/sh\nexec invfs run \"$0\"\nPK\x03\x04"));
        assert!(bytes.ends_with(b"\x09\0a comment"), "absolute: {absolute}");
        let archive = open(bytes).expect("an archive");
        assert_eq!(read(&archive, "b.rb").expect("contents"), b"B");
    }
}

#[test]
fn a_directory_that_comes_first_is_no_program() {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    zip.add_directory("lib/", options).expect("a directory");
    zip.start_file("lib/a.rb", options).expect("an entry");
    let bytes = zip.finish().expect("an archive").into_inner();
    let copied = copy(bytes).expect("a copy");
    assert!(copied.starts_with(b"PK\x03\x04"));
    assert_eq!(&copied[30..38], b"lib/a.rb");
}

#[test]
fn an_empty_archive_is_copied() {
    let copied = copy(Zip::of([]).build()).expect("a copy");
    assert!(open(copied).expect("an archive").is_empty());
}

#[test]
fn what_cannot_be_read_is_not_copied() {
    let encrypted = Entry::stored("a.rb", "A").with(|entry| entry.flags |= 1);
    assert_eq!(
        copy(Zip::of([encrypted]).build())
            .expect_err("refused")
            .kind(),
        ErrorKind::Encrypted
    );
    let unknown = Entry::stored("a.rb", "A").with(|entry| entry.method = 14);
    assert_eq!(
        copy(Zip::of([unknown]).build())
            .expect_err("refused")
            .kind(),
        ErrorKind::Unsupported
    );
    let bytes = Zip::of([Entry::stored("a.rb", "A")]).build();
    let archive = open(bytes).expect("an archive");
    let dir = TempDir::new();
    let mut writer = Writer::create(&dir.path().join("x.zip")).expect("a writer");
    assert_eq!(
        writer
            .copy(&archive, sub("b.rb"))
            .expect_err("refused")
            .kind(),
        ErrorKind::NotFound
    );
}

#[test]
fn no_local_header_is_an_error() {
    let mut bytes = Zip::of([Entry::stored("a.rb", "A")]).build();
    bytes[0] = b'Q';
    let error = copy(bytes).expect_err("refused");
    assert_eq!(
        (error.kind(), error.entry_name()),
        (ErrorKind::Malformed, Some("a.rb"))
    );
}

/// The copy would have one header, and so could be read.
#[test]
fn an_entry_whose_headers_differ_is_not_copied() {
    let entry = || Entry::deflated("a.rb", b"again ".repeat(100));
    for (what, entry) in [
        (
            "name",
            entry().with(|e| e.local_name = Some(b"b.rb".to_vec())),
        ),
        ("method", entry().with(|e| e.local_method = Some(0))),
        ("size", entry().with(|e| e.local_size = Some(1))),
        ("size", entry().with(|e| e.local_compressed_size = Some(1))),
        ("CRC-32", entry().with(|e| e.local_crc = Some(1))),
        ("encryption", entry().with(|e| e.local_flags = Some(1))),
        (
            "600 bytes take 599",
            Entry::stored("a.rb", [0; 599]).with(|e| e.size = 600),
        ),
        ("cannot become", entry().with(|e| e.size = 1 << 30)),
    ] {
        let bytes = Zip::of([Entry::stored("good", "G"), entry]).build();
        let refused = read(&open(bytes.clone()).expect("an archive"), "a.rb").expect_err(what);
        let error = copy(bytes).expect_err(what);
        assert!(error.to_string().contains(what), "{error}");
        assert_eq!(error.to_string(), refused.to_string());
        assert_eq!(error.kind(), refused.kind());
    }
}

#[test]
fn an_entry_that_is_refused_for_its_name_is_not_copied() {
    let archive = open(Zip::of([Entry::stored("a\\b", "A")]).build()).expect("an archive");
    let dir = TempDir::new();
    let mut writer = Writer::create(&dir.path().join("x.zip")).expect("a writer");
    let error = writer.copy(&archive, sub("a\\b")).expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::UnsafeName);
}

#[test]
fn a_copy_has_the_unicode_name() {
    let extra = crate::support::builder::unicode_path(b"raw", "ü".as_bytes());
    let entry = Entry::stored("raw", "x").with(|e| e.extra = extra);
    let copied = open(copy(Zip::of([entry]).build()).expect("a copy")).expect("an archive");
    assert_eq!(read(&copied, "ü").expect("contents"), b"x");
}

#[test]
fn an_archive_that_is_cut_off_meanwhile_is_noticed() {
    let dir = TempDir::new();
    let contents = [7; 50_000];
    let path = dir.write("x.zip", Zip::of([Entry::stored("a", contents)]).build());
    let archive = Archive::open(&path, &Options::default()).expect("an archive");
    let target = dir.path().join("new.zip");
    let mut writer = Writer::like(&target, &archive).expect("a writer");
    let file = fs::File::options().write(true).open(&path).expect("a file");
    file.set_len(1000).expect("a shorter file");
    let error = writer.copy(&archive, sub("a")).expect_err("cut off");
    assert_eq!(error.kind(), ErrorKind::Changed);
    assert_eq!(
        writer.finish().expect_err("given up").kind(),
        ErrorKind::Closed
    );
    assert!(Writer::like(&target, &archive).is_err());
    assert!(!target.exists());
}

#[test]
fn an_archive_replaces_itself() {
    let dir = TempDir::new();
    let path = dir.write("x.zip", written_by_zip_crate(&[("a.rb", b"A")]));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("permissions");
    let archive = Archive::open(&path, &Options::default()).expect("an archive");
    let mut writer = Writer::like(&path, &archive).expect("a writer");
    writer.copy(&archive, sub("a.rb")).expect("an entry");
    writer.symlink(b"b.rb", b"a.rb", 0).expect("a link");
    writer.finish().expect("an archive");
    // Who had the old one open still reads that.
    assert_eq!(list(&archive, "").expect("names"), ["a.rb"]);
    assert_eq!(read(&archive, "a.rb").expect("contents"), b"A");
    let new = Archive::open(&path, &Options::default()).expect("an archive");
    assert_eq!(list(&new, "").expect("names"), ["a.rb", "b.rb@"]);
    assert_eq!(fs::metadata(&path).expect("a file").mode() & 0o7777, 0o640);
    assert_eq!(
        new.entry(sub("b.rb")).expect("an entry").kind,
        Kind::Symlink
    );
}

#[test]
fn until_it_is_finished_nothing_is_to_be_seen() {
    let dir = TempDir::new();
    let path = dir.write("x.zip", "old");
    let new = dir.path().join("new.zip");
    for target in [&path, &new] {
        let mut writer = Writer::create(target).expect("a writer");
        let contents = vec![7; 1 << 20];
        let added = writer.add(b"a", &contents, &Attributes::default(), Compression::Stored);
        added.expect("an entry");
        assert_eq!(fs::read(&path).expect("the old file"), b"old");
        drop(writer);
        assert_eq!(fs::read_dir(dir.path()).expect("a directory").count(), 1);
    }
}

#[test]
fn a_link_to_the_archive_stays_a_link() {
    let dir = TempDir::new();
    let path = dir.write("real/x.zip", "old");
    let link = dir.path().join("link.zip");
    symlink("real/x.zip", &link).expect("a link");
    Writer::create(&link)
        .expect("a writer")
        .finish()
        .expect("an archive");
    assert!(fs::symlink_metadata(&link).expect("a link").is_symlink());
    assert!(Archive::open(&path, &Options::default())
        .expect("an archive")
        .is_empty());
}

#[test]
fn places_where_no_archive_can_be() {
    let dir = TempDir::new();
    dir.write("file", "");
    let error = |path: &str| match Writer::create(&dir.path().join(path)) {
        Ok(_) => panic!("{path} was taken"),
        Err(error) => {
            assert!(error.to_string().contains(path), "{error}");
            (
                error.kind(),
                error.io().and_then(std::io::Error::raw_os_error),
            )
        }
    };
    assert_eq!(error("."), (ErrorKind::Io, Some(libc::EISDIR)));
    assert_eq!(error("no/x.zip"), (ErrorKind::Io, Some(libc::ENOENT)));
    assert_eq!(error("file/x.zip"), (ErrorKind::Io, Some(libc::ENOTDIR)));
    assert_eq!(error("/dev/null"), (ErrorKind::NotAnArchive, None));
    symlink("nowhere", dir.path().join("dangling")).expect("a link");
    assert_eq!(error("dangling"), (ErrorKind::Io, Some(libc::ENOENT)));
}

#[test]
fn a_level_that_there_is_not_ends_the_writing() {
    let dir = TempDir::new();
    let mut writer = Writer::create(&dir.path().join("x.zip")).expect("a writer");
    let mut add = |level| {
        let attributes = Attributes::default();
        writer.add(b"a", &[0; 100], &attributes, Compression::Deflate(level))
    };
    assert_eq!(add(13).expect_err("refused").kind(), ErrorKind::Unsupported);
    assert_eq!(
        add(6).expect_err("refused").kind(),
        ErrorKind::DuplicateName
    );
    let error = writer.finish().expect_err("given up");
    assert_eq!(error.kind(), ErrorKind::Closed);
    assert_eq!(fs::read_dir(dir.path()).expect("a directory").count(), 0);
}

#[test]
fn a_copy_reads_like_the_original_through_the_trait() {
    let bytes = written_by_zip_crate(&[("a.rb", b"A")]);
    let copied = open(copy(bytes).expect("a copy")).expect("an archive");
    let stat = copied
        .stat(sub("a.rb"))
        .expect("an answer")
        .expect("a file");
    assert_eq!((stat.kind, stat.size), (Kind::File, 1));
}
