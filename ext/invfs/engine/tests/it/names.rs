//! Names that no file may have: some refuse the archive when it is opened, some only their entry.

use invfs_engine::archive::Archive;
use invfs_engine::vfs::{Kind, Vfs};
use invfs_engine::ErrorKind;

use crate::support::builder::unicode_path;
use crate::support::*;

fn named(name: &[u8]) -> Entry {
    Entry::stored("", "").with(|e| e.name = name.to_vec())
}

fn opened(names: &[&[u8]]) -> invfs_engine::Result<Archive> {
    let entries: Vec<Entry> = names.iter().map(|name| named(name)).collect();
    open(Zip::of(entries).build())
}

fn error_of(names: &[&[u8]]) -> Box<invfs_engine::Error> {
    opened(names)
        .err()
        .unwrap_or_else(|| panic!("{names:?} was opened"))
}

/// The refused names of an archive.
fn refused(archive: &Archive) -> Vec<&[u8]> {
    archive.refused().map(|(name, _)| name).collect()
}

#[test]
fn names_that_lead_out_or_name_nothing_refuse_the_archive() {
    let names: [&[u8]; 23] = [
        b"",
        b"..",
        b"../a.rb",
        b"lib/../../a.rb",
        b"lib/../a.rb",
        b"lib/..",
        b"../",
        b"/a.rb",
        b"//a.rb",
        b"/",
        b".",
        b"C:/a.rb",
        b"C:\\a.rb",
        b"c:..\\a.rb",
        b"..\\a.rb",
        b"lib\\..\\a.rb",
        b"lib\\..",
        b"lib/..\\a.rb",
        b"\\a.rb",
        b"\\\\host\\a.rb",
        b"a\0.rb",
        b"a.rb\0",
        b"a\\b\0",
    ];
    for name in names {
        let error = error_of(&[b"good.rb", name]);
        assert_eq!(error.kind(), ErrorKind::UnsafeName, "{error}");
        assert_eq!(error.container(), "test.zip");
        assert_eq!(error.entry_name(), Some(&*String::from_utf8_lossy(name)));
    }
}

#[test]
fn names_that_only_some_systems_have_refuse_the_entry() {
    let long_component = [b"lib/".to_vec(), vec![b'x'; 256]].concat();
    let long_name = b"x/".repeat(2049);
    let longest_name = vec![b'x'; 65_535];
    let names: [(&[u8], &str); 10] = [
        (b"c:a.rb", "drive"),
        (b"./C:/a.rb", "drive"),
        (b"lib\\a.rb", "backslash"),
        (b"lib\\", "backslash"),
        (b"lib/a\\b/", "backslash"),
        (b"\x83\\.txt", "backslash"),
        (b".\\a.rb", "backslash"),
        (&long_component, "255"),
        (&long_name, "4096"),
        (&longest_name, "4096"),
    ];
    for (name, word) in names {
        let archive = opened(&[b"good.rb", name, b"lib/good.rb"]).unwrap();
        assert_eq!(list(&archive, "").unwrap(), ["good.rb", "lib/"]);
        assert_eq!(list(&archive, "lib").unwrap(), ["good.rb"]);
        assert_eq!(archive.names().count(), 2);
        let (clean, reason) = archive.refused().next().unwrap();
        assert!(reason.contains(word), "{name:?}: {reason}");
        let sub = invfs_engine::path::Subpath::new(clean).unwrap();
        let errors = [
            archive.stat(sub).unwrap_err(),
            archive.list(sub).unwrap_err(),
            archive.read(sub, 10, &mut Vec::new()).unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::UnsafeName);
            let message = error.to_string();
            assert!(message.starts_with("test.zip: entry "), "{message}");
            assert!(message.ends_with(reason), "{message}");
        }
        assert!(archive.entry(sub).is_none());
        assert_eq!(archive.link(sub).unwrap(), None);
    }
}

#[test]
fn a_refused_name_is_found_under_this_name_only() {
    let archive = opened(&[b"lib\\a", b"x\\y\\", b"x/b"]).unwrap();
    assert_eq!(refused(&archive), [&b"lib\\a"[..], b"x\\y\\"]);
    for name in ["lib", "lib/a", "x/y", "x\\y", "lib\\a/b", "lib\\"] {
        assert_eq!(kind(&archive, name), None, "{name}");
    }
}

#[test]
fn links_lead_to_no_refused_entry() {
    let entries = [
        Entry::stored("lib\\a.rb", "x"),
        Entry::symlink("link", "lib\\a.rb"),
        Entry::stored("d/a:b", ""),
        Entry::stored("d/x\\y", ""),
        Entry::symlink("to_d", "d"),
    ];
    let archive = open(Zip::of(entries).build()).unwrap();
    assert_eq!(kind(&archive, "link"), None);
    assert_eq!(read_error(&archive, "link"), ErrorKind::UnsafeName);
    assert_eq!(list(&archive, "link"), None);
    assert_eq!(archive.link(sub("link")).unwrap().unwrap(), b"lib\\a.rb");
    assert_eq!(list(&archive, "to_d").unwrap(), ["a:b"]);
    assert_eq!(kind(&archive, "to_d/x\\y"), None);
    let error = read(&archive, "to_d/x\\y").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnsafeName);
}

#[test]
fn duplicate_names_are_refused() {
    let table: [(&[&[u8]], &str); 23] = [
        (&[b"a", b"b", b"a"], "a"),
        (&[b"a", b"./a"], "a"),
        (&[b"lib/a", b"lib//a"], "lib/a"),
        (&[b"lib/a", b"lib/./a"], "lib/a"),
        (&[b"a", b"a/"], "a"),
        (&[b"a/", b"a"], "a"),
        (&[b"a", b"a/b"], "a"),
        (&[b"a/b", b"a"], "a"),
        (&[b"a/b/c/d", b"x", b"a/b"], "a/b"),
        (&[b"x/y", b"a", b"a/b/c/"], "a"),
        (&[b"a/", b"b", b"b/", b"a/"], "b"),
        // Refused names, and what Windows makes of them.
        (&[b"a:b", b"a:b"], "a:b"),
        (&[b"a\\b", b"a\\b"], "a\\b"),
        (&[b"a\\b", b"a/b"], "a\\b"),
        (&[b"a/b", b"a\\b"], "a\\b"),
        (&[b"a/b/c", b"a\\b"], "a\\b"),
        (&[b"a\\b\\", b"a/b"], "a\\b\\"),
        (&[b"a\\b\\c", b"a/b"], "a\\b\\c"),
        (&[b"a\\b\\c\\d", b"a"], "a\\b\\c\\d"),
        (&[b"a\\b", b"a\\\\b"], "a\\\\b"),
        (&[b"a\\b", b"a\\b\\c"], "a\\b\\c"),
        (&[b"a:b/c", b"a:b"], "a:b/c"),
        (&[b".\\a", b"a"], ".\\a"),
    ];
    for (names, twice) in table {
        let error = error_of(names);
        assert_eq!(error.kind(), ErrorKind::DuplicateName, "{names:?}");
        assert_eq!(error.entry_name(), Some(twice), "{names:?}");
    }
}

#[test]
fn a_directory_that_is_there_twice_is_one() {
    let first = Entry::stored("a/", "").with(|e| e.mode = 0o040_750);
    let entries = [
        Entry::stored("a/b/", ""),
        first.clone(),
        Entry::stored("x/", ""),
        Entry::stored("a/f", "F"),
        first.with(|e| e.mode = 0o040_700),
        named(b"./a//"),
        Entry::stored("a/b/", ""),
        Entry::stored("y/z/", ""),
        Entry::stored("x/", ""),
        named(b"d\\"),
        named(b"d\\"),
        named(b"d/"),
    ];
    let archive = open(Zip::of(entries).build()).unwrap();
    assert_eq!(list(&archive, "").unwrap(), ["a/", "d/", "x/", "y/"]);
    assert_eq!(list(&archive, "a").unwrap(), ["b/", "f"]);
    assert_eq!(list(&archive, "y").unwrap(), ["z/"]);
    assert_eq!(archive.stat(sub("a")).unwrap().unwrap().mode, 0o750);
    assert_eq!(read(&archive, "a/f").unwrap(), b"F");
    assert_eq!(refused(&archive), [b"d\\"]);
}

#[test]
fn a_directory_of_dos_needs_no_slash() {
    let dos =
        |name: &str, contents: &str| Entry::stored(name, contents).with(|e| e.attributes = 0x10);
    let entries = [
        dos("lib", ""),
        Entry::stored("lib/a", "A"),
        dos("empty/dir", ""),
        dos("full", "contents"),
        dos("old\\dir", ""),
        Entry::stored("old/dir/a", ""),
        // Made on Unix: the lower bits say nothing.
        dos("unix", "U").with(|e| e.mode = 0o100_600),
    ];
    let archive = open(Zip::of(entries).build()).unwrap();
    let root = ["empty/", "lib/", "old/", "unix"];
    assert_eq!(list(&archive, "").unwrap(), root);
    assert_eq!(list(&archive, "empty").unwrap(), ["dir/"]);
    assert_eq!(read(&archive, "lib/a").unwrap(), b"A");
    assert_eq!(read(&archive, "unix").unwrap(), b"U");
    assert_eq!(archive.stat(sub("lib")).unwrap().unwrap().mode, 0o755);
    assert_eq!(refused(&archive), [&b"full"[..], b"old\\dir"]);
    assert_eq!(read_error(&archive, "full"), ErrorKind::UnsafeName);
    let twice = Zip::of([dos("a", ""), Entry::stored("a", "")]).build();
    assert_eq!(open_error(twice), ErrorKind::DuplicateName);
}

#[test]
fn the_unicode_path_is_the_name() {
    let entry = |raw: &[u8], name: &str| {
        let contents = name.to_uppercase();
        Entry::deflated("", contents).with(|e| {
            e.name = raw.to_vec();
            e.extra = unicode_path(raw, name.as_bytes());
        })
    };
    let both = entry(b"b\x84r", "bär").with(|e| e.local_extra = e.extra.clone());
    let entries = [
        entry(b"a\x94", "aö"),
        Entry::stored("between", ""),
        both,
        // The second byte of a character of Shift_JIS.
        entry(b"\x83\x5c", "ソ"),
        entry(b"./d\x84/x", ".//dä/x"),
        entry(b"same", "same"),
        entry(b"dir\x84/", "dirä/").with(|e| {
            e.size = 0;
            e.data.clear();
            e.method = 0;
        }),
    ];
    let archive = open(Zip::of(entries).build()).unwrap();
    let names = ["aö", "between", "bär", "ソ", "dä/x", "same"];
    assert_eq!(
        archive.names().collect::<Vec<_>>(),
        names.map(str::as_bytes)
    );
    for (name, contents) in [
        ("aö", "AÖ"),
        ("bär", "BÄR"),
        ("ソ", "ソ"),
        ("dä/x", ".//DÄ/X"),
    ] {
        assert_eq!(read(&archive, name).unwrap(), contents.as_bytes());
    }
    assert_eq!(kind(&archive, "dirä"), Some(Kind::Directory));
    assert_eq!(archive.refused().count(), 0);
}

#[test]
fn a_unicode_path_of_something_else_does_not_count() {
    let good = unicode_path(b"raw", "uni".as_bytes());
    let changed = |at: usize, byte: u8| {
        let mut extra = good.clone();
        extra[at] = byte;
        extra
    };
    for extra in [
        changed(4, 2),
        changed(5, !good[5]),
        unicode_path(b"other", b"uni"),
        unicode_path(b"raw", b"\xff"),
        good[..good.len() - 1].to_vec(),
        b"\x75\x70\x04\0\x01abc".to_vec(),
    ] {
        let entry = Entry::stored("raw", "R").with(|e| {
            e.extra = extra.clone();
            e.local_extra = extra.clone();
        });
        let archive = open(Zip::of([entry]).build()).unwrap();
        assert_eq!(list(&archive, "").unwrap(), ["raw"], "{extra:x?}");
        assert_eq!(read(&archive, "raw").unwrap(), b"R");
    }
}

#[test]
fn a_unicode_path_is_a_name_like_any_other() {
    let with = |raw: &str, name: &[u8]| {
        Entry::stored(raw, "x").with(|e| e.extra = unicode_path(raw.as_bytes(), name))
    };
    for (entries, kind) in [
        (
            vec![with("a", b"b"), Entry::stored("b", "")],
            ErrorKind::DuplicateName,
        ),
        (
            vec![with("a", b"x"), with("b", b"x")],
            ErrorKind::DuplicateName,
        ),
        (vec![with("a", b"../x")], ErrorKind::UnsafeName),
        (vec![with("a", b"")], ErrorKind::UnsafeName),
        // Readers that do not know the field.
        (vec![with("../a", b"a")], ErrorKind::UnsafeName),
        (vec![with("a", b"b/")], ErrorKind::Malformed),
    ] {
        assert_eq!(open_error(Zip::of(entries).build()), kind);
    }
    let two = with("a", b"b").with(|e| e.extra.extend(unicode_path(b"a", b"c")));
    assert_eq!(open_error(Zip::of([two]).build()), ErrorKind::UnsafeName);
    let twice = with("a", b"b").with(|e| e.extra.extend(unicode_path(b"a", b"b")));
    assert_eq!(open(Zip::of([twice]).build()).unwrap().len(), 1);
    let archive = open(Zip::of([with("a", b"b\\c")]).build()).unwrap();
    assert_eq!(refused(&archive), [b"b\\c"]);
    assert_eq!(kind(&archive, "a"), None);
}

#[test]
fn both_headers_must_mean_one_name() {
    let with = |change: &dyn Fn(&mut Entry)| {
        let entry = Entry::stored("raw", "x").with(|e| {
            e.extra = unicode_path(b"raw", b"uni");
            change(e);
        });
        open(Zip::of([entry]).build()).unwrap()
    };
    for change in [
        &(|e: &mut Entry| e.local_name = Some(b"uni".to_vec())) as &dyn Fn(&mut Entry),
        &|e| e.local_name = Some(b"other".to_vec()),
        &|e| e.local_extra = unicode_path(b"raw", b"other"),
    ] {
        assert_eq!(read_error(&with(change), "uni"), ErrorKind::Malformed);
    }
    for change in [
        &(|e: &mut Entry| e.local_extra = unicode_path(b"other", b"other")) as &dyn Fn(&mut Entry),
        &|e| e.local_extra = unicode_path(b"raw", b"./uni"),
    ] {
        assert_eq!(read(&with(change), "uni").unwrap(), b"x");
    }
    // The field is in the local header only.
    for (name, good) in [(&b"raw"[..], true), (b"./raw", true), (b"uni", false)] {
        let archive = with(&|e| {
            e.local_extra = unicode_path(b"raw", name);
            e.extra.clear();
        });
        assert_eq!(read(&archive, "raw").is_ok(), good);
    }
}

/// However the names are chosen, the time per entry stays the same.
#[test]
fn many_refused_names_take_no_longer_than_others() {
    let time = |name: &dyn Fn(u32) -> String| {
        let entries: Vec<Entry> = (0..10_000).map(|n| Entry::stored(&name(n), "")).collect();
        let bytes = Zip::of(entries).build();
        let start = std::time::Instant::now();
        let archive = open(bytes).unwrap();
        let time = start.elapsed();
        assert_eq!(archive.len() + archive.refused().count(), 10_000);
        time
    };
    let ordinary = time(&|n| format!("lib/{}/{n}.rb", n % 100));
    let long = "x".repeat(300);
    for name in [
        &(|n: u32| format!("lib\\{}\\{n}.rb", n % 100)) as &dyn Fn(u32) -> String,
        &|n| format!("a:{n}"),
        &|n| format!("{long}/{n}"),
    ] {
        let refused = time(name);
        assert!(refused < ordinary * 20, "{refused:?}, not {ordinary:?}");
    }
}

#[test]
fn a_directory_with_contents_is_refused() {
    for name in ["lib/", "./"] {
        assert_eq!(
            open_error(Zip::of([Entry::stored(name, "x")]).build()),
            ErrorKind::Malformed
        );
    }
    // What some programs write for an empty directory: two bytes of deflate.
    open(Zip::of([Entry::deflated("lib/", "")]).build()).unwrap();
}
