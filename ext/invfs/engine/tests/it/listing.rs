//! Directories: they exist whether or not the archive lists them.

use invfs_engine::vfs::{Kind, Vfs};
use invfs_engine::ErrorKind;

use crate::support::*;

/// The names, with a directory for each that ends in a slash.
fn archive(names: &[&str]) -> invfs_engine::archive::Archive {
    let entries: Vec<Entry> = names.iter().map(|name| Entry::stored(name, "")).collect();
    open(Zip::of(entries).build()).unwrap()
}

#[test]
fn directories_need_not_be_listed() {
    let tables: [&[&str]; 4] = [
        &["a/b/c/d.rb", "a/b/e.rb", "a.rb", "z/y.rb"],
        &["z/y.rb", "a.rb", "a/b/e.rb", "a/b/c/d.rb"],
        &[
            "a/",
            "a/b/",
            "a/b/c/",
            "z/",
            "a/b/c/d.rb",
            "a/b/e.rb",
            "a.rb",
            "z/y.rb",
        ],
        &[
            "a/b/c/d.rb",
            "a/b/c/",
            "a.rb",
            "a/b/e.rb",
            "a/b/",
            "z/y.rb",
            "./",
        ],
    ];
    for names in tables {
        let archive = archive(names);
        assert_eq!(archive.len(), 4, "{names:?}");
        let listed: Vec<&[u8]> = archive.names().collect();
        let files = names.iter().filter(|name| !name.ends_with('/'));
        assert_eq!(
            listed,
            files.map(|name| name.as_bytes()).collect::<Vec<_>>()
        );
        for (directory, contents) in [
            ("", vec!["a/", "a.rb", "z/"]),
            ("a", vec!["b/"]),
            ("a/b", vec!["c/", "e.rb"]),
            ("a/b/c", vec!["d.rb"]),
            ("z", vec!["y.rb"]),
        ] {
            let contents = contents.into_iter().map(String::from).collect();
            assert_eq!(
                list(&archive, directory),
                Some(contents),
                "{names:?} {directory}"
            );
            assert_eq!(kind(&archive, directory), Some(Kind::Directory));
            if !directory.is_empty() {
                assert_eq!(read_error(&archive, directory), ErrorKind::IsDirectory);
            }
        }
        for name in ["a.rb", "a/b/c/d.rb", "missing", "a/missing", "a.rb/x", "A"] {
            assert_eq!(list(&archive, name), None, "{names:?} {name}");
        }
        assert_eq!(kind(&archive, "a.rb"), Some(Kind::File));
        assert_eq!(kind(&archive, "a.rb/x"), None);
        assert_eq!(kind(&archive, "A"), None, "names are compared exactly");
    }
}

#[test]
fn an_empty_directory_is_listed() {
    let archive = archive(&["empty/", "other/empty/"]);
    assert!(archive.is_empty());
    assert_eq!(
        list(&archive, ""),
        Some(vec!["empty/".into(), "other/".into()])
    );
    assert_eq!(list(&archive, "empty"), Some(vec![]));
    assert_eq!(list(&archive, "other"), Some(vec!["empty/".into()]));
}

#[test]
fn a_listed_directory_tells_its_mode_and_time() {
    let mut directory = Entry::stored("lib/", "");
    directory.mode = 0o040_750;
    builder::field(&mut directory.extra, 0x5455, &[1, 100, 0, 0, 0]);
    let zip = Zip::of([directory, Entry::stored("bin/a", "")]);
    let archive = open(zip.build()).unwrap();
    let stat = |name| archive.stat(sub(name)).unwrap().unwrap();
    assert_eq!((stat("lib").mode, stat("lib").mtime), (0o750, 100));
    assert_eq!((stat("bin").mode, stat("bin").mtime), (0o755, 0));
    assert_eq!((stat("").mode, stat("").size), (0o755, 0));
}

#[test]
fn names_are_normalised() {
    let archive = archive(&["./a.rb", "lib//b.rb", "./lib/./c.rb", "x/./", ".hidden/.y"]);
    for name in ["a.rb", "lib/b.rb", "lib/c.rb", ".hidden/.y"] {
        assert_eq!(read(&archive, name).unwrap(), b"", "{name}");
    }
    assert_eq!(
        list(&archive, ""),
        Some(vec![
            ".hidden/".into(),
            "a.rb".into(),
            "lib/".into(),
            "x/".into()
        ])
    );
}

#[test]
fn names_are_bytes() {
    let mut latin = Entry::stored("", "latin");
    latin.name = b"\xe9t\xe9/a.rb".to_vec();
    let mut utf8 = Entry::stored("\u{e9}t\u{e9}/a.rb", "utf-8");
    utf8.flags = 1 << 11;
    // Info-ZIP's other spelling of the name is not looked at.
    builder::field(&mut utf8.extra, 0x7075, b"\x01\0\0\0\0other.rb");
    let mut decomposed = Entry::stored("e\u{301}t\u{e9}/a.rb", "decomposed");
    decomposed.flags = 1 << 11;
    let archive = open(Zip::of([latin, utf8, decomposed]).build()).unwrap();
    assert_eq!(archive.names().next().unwrap(), b"\xe9t\xe9/a.rb");
    let mut contents = Vec::new();
    let name = invfs_engine::path::Subpath::new(b"\xe9t\xe9/a.rb").unwrap();
    archive.read(name, 99, &mut contents).unwrap();
    assert_eq!(contents, b"latin");
    assert_eq!(read(&archive, "\u{e9}t\u{e9}/a.rb").unwrap(), b"utf-8");
    assert_eq!(
        read(&archive, "e\u{301}t\u{e9}/a.rb").unwrap(),
        b"decomposed"
    );
    assert_eq!(kind(&archive, "other.rb"), None);
}

#[test]
fn siblings_that_sort_around_the_slash_keep_apart() {
    let archive = archive(&["a-b/x", "a/x", "a/y", "a0/x", "a.x", "a!"]);
    assert_eq!(list(&archive, "a"), Some(vec!["x".into(), "y".into()]));
    assert_eq!(list(&archive, "a-b"), Some(vec!["x".into()]));
    assert_eq!(
        list(&archive, ""),
        Some(
            ["a/", "a!", "a-b/", "a.x", "a0/"]
                .map(String::from)
                .to_vec()
        )
    );
}
