//! What must hold for any bytes at all. The fuzz targets call these functions with bytes that libFuzzer found, the
//! tests with bytes of a simple generator: so what the fuzzer looks for is also looked for by `cargo test`.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use invfs_engine::archive::writer::Writer;
use invfs_engine::archive::{Archive, EntryInfo, Options};
use invfs_engine::path::{clean_absolute, Subpath, SubpathBuf};
use invfs_engine::vfs::{Kind, Vfs};
use invfs_engine::{compiled, elf, ErrorKind};

use super::builder::{crc32, Entry, Zip};
use super::TempDir;

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
    for (name, reason) in archive.refused() {
        let sub = Subpath::new(name).expect("names are clean");
        let error = archive.stat(sub).expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::UnsafeName);
        assert!(error.to_string().ends_with(reason), "{error}");
        assert!(archive.entry(sub).is_none());
    }
    let mut files = 0;
    walk(&archive, Subpath::ROOT, &mut files);
    assert_eq!(files, archive.len());
}

fn check_read(archive: &Archive, sub: &Subpath, entry: &EntryInfo) {
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
    let refused = archive.refused().map(|(name, _)| name);
    for name in archive.names().chain(refused) {
        assert_eq!(SubpathBuf::clean(bytes).expect("safe").as_bytes(), name);
    }
    for name in archive.names() {
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

/// Any bytes as an archive for two readers. What both open must have the same entries: they took the same end record.
/// Says whether both opened it.
pub fn end_record(bytes: &[u8]) -> bool {
    let Ok(archive) = super::open(bytes) else {
        return false;
    };
    let Ok(mut theirs) = zip::ZipArchive::new(Cursor::new(bytes)) else {
        return false;
    };
    let mut files = BTreeMap::new();
    for number in 0..theirs.len() {
        // It looks at the local header, which may be damaged.
        let Ok(file) = theirs.by_index_raw(number) else {
            return false;
        };
        let name = SubpathBuf::clean(file.name_raw()).expect("others refuse the archive");
        let refused = archive
            .refused()
            .any(|(refused, _)| refused == name.as_bytes());
        let is_directory = || {
            let stat = archive.stat(&name).expect("an answer");
            stat.is_some_and(|stat| stat.kind == Kind::Directory)
        };
        if refused || (archive.entry(&name).is_none() && file.size() == 0 && is_directory()) {
            continue;
        }
        files.insert(name.as_bytes().to_vec(), (file.size(), file.crc32()));
    }
    let ours = archive.names().map(|name| {
        let entry = archive.entry(Subpath::new(name).expect("names are clean"));
        let entry = entry.expect("every name is found");
        (name.to_vec(), (entry.size, entry.crc))
    });
    assert_eq!(ours.collect::<BTreeMap<_, _>>(), files);
    true
}

/// Any bytes as an archive that is copied entry by entry, as `invfs compile` does. What can be read is the same in the
/// copy, and nothing else can be read there.
pub fn copy(bytes: &[u8]) {
    let options = Options {
        max_entry_size: LIMIT,
    };
    let Ok(archive) = Archive::from_bytes(bytes.to_vec(), "fuzz.zip", &options) else {
        return;
    };
    let dir = TempDir::new();
    let path = dir.path().join("copy.zip");
    let mut writer = Writer::like(&path, &archive).expect("a writer");
    let mut copied = BTreeMap::new();
    for name in archive.names() {
        let sub = Subpath::new(name).expect("names are clean");
        let contents = contents(&archive, sub);
        match writer.copy(&archive, sub) {
            Ok(()) => drop(copied.insert(sub, contents)),
            Err(error) => {
                assert!(contents.is_none(), "{error}");
                assert!(error.entry_name().is_some(), "{error}");
            }
        }
    }
    writer.copy_directories(&archive).expect("directories");
    writer.finish().expect("an archive");
    let copy = match Archive::open(&path, &options) {
        Ok(copy) => copy,
        // Its end record may fit the comment now.
        Err(error) => {
            let end_records = bytes.windows(4).filter(|at| at == b"PK\x05\x06").count();
            assert!(end_records > 1, "{error}");
            return;
        }
    };
    assert_eq!(copy.len(), copied.len());
    for (sub, contents_before) in copied {
        assert_eq!(contents(&copy, sub), contents_before, "{sub:?}");
    }
}

/// The contents of a file, or the target of a link; `None` where it cannot be read.
fn contents(archive: &Archive, sub: &Subpath) -> Option<Vec<u8>> {
    let entry = archive.entry(sub).expect("an entry");
    if entry.kind == Kind::Symlink {
        return archive.link(sub).ok().flatten();
    }
    let mut contents = Vec::new();
    archive.read(sub, u64::MAX, &mut contents).ok()?;
    Some(contents)
}

/// Any bytes as compiled code: first with a footer that fits, which takes its numbers from the first bytes, then as
/// they are.
pub fn link(bytes: &[u8]) {
    let linked = |entry: &[u8], crc, size, path: &[u8]| {
        let linked = compiled::link(entry.to_vec(), crc, size, path)?;
        // Each record takes 16 bytes, and becomes its text, the path and the length.
        let most = entry.len() + (entry.len() / 16 + 1) * (path.len() + 9);
        assert!(linked.len() <= most);
        let size = linked.get(12..16).expect("a header");
        assert_eq!(size, (linked.len() as u32).to_ne_bytes());
        Some(linked)
    };
    if let Some((&[count, at, at_high, path], body)) = bytes.split_first_chunk() {
        let records_at = u32::from(u16::from_le_bytes([at, at_high]));
        let mut entry = body.to_vec();
        for number in [records_at, u32::from(count), 1, 2, 1] {
            entry.extend(number.to_le_bytes());
        }
        entry.extend(b"INVFSISQ");
        linked(&entry, 1, 2, &vec![b'p'; usize::from(path) * 300]);
        assert_eq!(linked(&entry, 0, 2, b"p"), None);
        assert_eq!(linked(&entry, 1, 3, b"p"), None);
    }
    linked(bytes, 1, 2, b"/path");
}
