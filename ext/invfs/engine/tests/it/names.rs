//! Names that no archive may have: refused when it is opened, with the entry in the message.

use invfs_engine::ErrorKind;

use crate::support::*;

fn error_of(names: &[&[u8]]) -> Box<invfs_engine::Error> {
    let entries: Vec<Entry> = names
        .iter()
        .map(|name| Entry::stored("", "").with(|e| e.name = name.to_vec()))
        .collect();
    open(Zip::of(entries).build())
        .err()
        .unwrap_or_else(|| panic!("{names:?} was opened"))
}

#[test]
fn unsafe_names_are_refused() {
    let long_component = [b"lib/".to_vec(), vec![b'x'; 256]].concat();
    let long_name = b"x/".repeat(2049);
    let names: [&[u8]; 20] = [
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
        b"c:a.rb",
        b"C:\\a.rb",
        b"lib\\a.rb",
        b"..\\a.rb",
        b"a\0.rb",
        b"a.rb\0",
        &long_component,
        &long_name,
    ];
    for name in names {
        let error = error_of(&[b"good.rb", name]);
        assert_eq!(error.kind(), ErrorKind::UnsafeName, "{error}");
        assert_eq!(error.container(), "test.zip");
        assert_eq!(error.entry_name(), Some(&*String::from_utf8_lossy(name)));
    }
}

#[test]
fn duplicate_names_are_refused() {
    let table: [(&[&[u8]], &str); 12] = [
        (&[b"a", b"b", b"a"], "a"),
        (&[b"a", b"./a"], "a"),
        (&[b"lib/a", b"lib//a"], "lib/a"),
        (&[b"lib/a", b"lib/./a"], "lib/a"),
        (&[b"a", b"a/"], "a"),
        (&[b"a/", b"a"], "a"),
        (&[b"a/", b"a/"], "a"),
        (&[b"a/", b"./a//"], "a"),
        (&[b"a", b"a/b"], "a"),
        (&[b"a/b", b"a"], "a"),
        (&[b"a/b/c/d", b"x", b"a/b"], "a/b"),
        (&[b"x/y", b"a", b"a/b/c/"], "a"),
    ];
    for (names, twice) in table {
        let error = error_of(names);
        assert_eq!(error.kind(), ErrorKind::DuplicateName, "{names:?}");
        assert_eq!(error.entry_name(), Some(twice), "{names:?}");
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
