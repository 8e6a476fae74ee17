//! What must hold for any bytes at all. The fuzz targets call these functions with bytes that libFuzzer found, the
//! tests with bytes of a simple generator: so what the fuzzer looks for is also looked for by `cargo test`.

use std::io::{Cursor, Read};

use invfs_engine::archive::{Archive, Options};
use invfs_engine::path::{clean_absolute, Subpath, SubpathBuf};
use invfs_engine::vfs::{Kind, Vfs};
use invfs_engine::{elf, ErrorKind};

use super::builder::{crc32, Entry, Zip};

/// No entry is read that says it is larger.
const LIMIT: u64 = 1 << 20;

/// Any bytes as an archive: an error, or an archive that is in order throughout.
pub fn open(bytes: &[u8]) {
    let options = Options {
        max_entry_size: LIMIT,
    };
    let archive = match Archive::from_bytes(bytes.to_vec(), "fuzz.zip", &options) {
        Ok(archive) => archive,
        Err(error) => {
            assert!(error.to_string().starts_with("fuzz.zip: "), "{error}");
            assert!(error.io().is_none(), "{error}");
            return;
        }
    };
    assert!(archive.memory_usage() < 64 * bytes.len() + 4096);
    for name in archive.names() {
        let sub = Subpath::new(name).expect("names are clean");
        assert!(!sub.is_root());
        let entry = archive.entry(sub).expect("every name is found");
        check_read(&archive, sub, &entry);
        let parent = archive.list(sub.parent()).ok().flatten();
        let base = name.rsplit(|b| *b == b'/').next().unwrap_or_default();
        let parent = parent.expect("every name is in a directory");
        assert!(parent
            .binary_search_by(|(n, _)| n.as_slice().cmp(base))
            .is_ok());
    }
    let mut files = 0;
    walk(&archive, Subpath::ROOT, &mut files);
    assert_eq!(files, archive.len());
}

fn check_read(archive: &Archive, sub: &Subpath, entry: &invfs_engine::archive::EntryInfo) {
    let mut contents = Vec::new();
    match archive.read(sub, u64::MAX, &mut contents) {
        Ok(()) if entry.kind == Kind::File => {
            assert_eq!(contents.len() as u64, entry.size);
            assert_eq!(crc32(&contents), entry.crc);
            assert!(!entry.encrypted && entry.size <= LIMIT);
        }
        Ok(()) => assert_eq!(entry.kind, Kind::Symlink),
        Err(error) => {
            assert_ne!(error.kind(), ErrorKind::Closed);
            assert!(error.entry_name().is_some(), "{error}");
        }
    }
}

/// Counts the files and links below a directory; links are not followed.
fn walk(archive: &Archive, sub: &Subpath, files: &mut usize) {
    let names = archive.list(sub).expect("a listing").expect("a directory");
    assert!(names.is_sorted_by(|a, b| a.0 < b.0));
    for (name, kind) in names {
        let below = sub.join(Subpath::new(&name).expect("names are clean"));
        match kind {
            Kind::Directory => walk(archive, &below, files),
            Kind::File | Kind::Symlink => *files += 1,
        }
    }
}

/// Any bytes as the data of an entry: the first chooses the method, the next three are the declared size.
/// What is read is what the `zip` crate reads.
pub fn read(bytes: &[u8]) {
    let Some((&[method, a, b, c], data)) = bytes.split_first_chunk() else {
        return;
    };
    let method = [0, 8, 93][usize::from(method) % 3];
    let size = u64::from(u32::from_le_bytes([a, b, c, 0])).min(LIMIT);
    let entry = Entry {
        data: data.to_vec(),
        method,
        size,
        ..Entry::stored("a", "")
    };
    // The CRC is not known before it was read: take it from the error message.
    let first = Zip::of([entry.clone()]).build();
    let Some(crc) = read_only_entry(&first).err().and_then(|m| crc_of(&m)) else {
        return;
    };
    let whole = Zip::of([Entry { crc, ..entry }]).build();
    let contents = read_only_entry(&whole).expect("only the CRC was wrong");
    assert_eq!((contents.len() as u64, crc32(&contents)), (size, crc));
    // The zip crate is built without zstd here. It refuses two length codes of deflate that the standard reserves,
    // which libdeflate takes for the longest match.
    let theirs = second_opinion(&whole, "a");
    match method {
        0 => assert_eq!(theirs, Some(contents)),
        8 => assert!(theirs.is_none_or(|theirs| theirs == contents)),
        _ => {}
    }
}

fn read_only_entry(archive: &[u8]) -> Result<Vec<u8>, String> {
    let archive = super::open(archive).map_err(|error| error.to_string())?;
    super::read(&archive, "a").map_err(|error| error.to_string())
}

/// The true CRC-32 that an error message tells.
fn crc_of(message: &str) -> Option<u32> {
    let (_, rest) = message.split_once("the CRC-32 is ")?;
    u32::from_str_radix(rest.get(..8)?, 16).ok()
}

/// What the `zip` crate reads under a name.
pub fn second_opinion(archive: &[u8], name: &str) -> Option<Vec<u8>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(archive)).ok()?;
    let file = archive.by_name(name).ok()?;
    let mut contents = Vec::new();
    file.take(LIMIT + 1).read_to_end(&mut contents).ok()?;
    Some(contents)
}

/// Any bytes as a path, and as the name of an entry.
pub fn path(bytes: &[u8]) {
    if let Some(clean) = SubpathBuf::clean(bytes) {
        let again = Subpath::new(clean.as_bytes()).expect("what was cleaned is clean");
        assert_eq!(
            SubpathBuf::clean(again.as_bytes()).as_deref(),
            Some(&*clean)
        );
        assert!(clean.as_bytes().len() <= bytes.len());
        assert_eq!(Subpath::ROOT.join(&clean), clean);
        let mut parent = clean.clone();
        for _ in 0..=bytes.len() {
            parent = parent.parent().to_owned();
        }
        assert!(parent.is_root());
    }
    if let Some(sub) = Subpath::new(bytes) {
        assert_eq!(
            SubpathBuf::clean(bytes).as_deref(),
            Some(sub),
            "clean means clean"
        );
    }
    let absolute = clean_absolute(&[b"/", bytes].concat());
    assert_eq!(clean_absolute(&absolute), absolute);
    let inside = absolute.strip_prefix(b"/").expect("absolute");
    assert!(bytes.contains(&0) || Subpath::new(inside).is_some());

    let entry = Entry {
        name: bytes.to_vec(),
        ..Entry::stored("", "")
    };
    let Ok(archive) = super::open(Zip::of([entry]).build()) else {
        return;
    };
    for name in archive.names() {
        assert_eq!(SubpathBuf::clean(bytes).expect("safe").as_bytes(), name);
        assert!(!name.contains(&b'\\'));
    }
}

/// Any bytes as an ELF file.
pub fn elf(bytes: &[u8]) {
    let names = elf::needed(bytes).unwrap_or_default();
    assert!(names
        .iter()
        .all(|name| !name.is_empty() && name.len() < bytes.len()));
}
