//! The rules for paths.

use invfs_engine::path::{clean_absolute, Subpath, SubpathBuf};

#[test]
fn subpaths_are_clean_or_refused() {
    for (written, clean) in [
        ("", Some("")),
        (".", Some("")),
        ("./", Some("")),
        ("a", Some("a")),
        ("a/", Some("a")),
        ("a//b", Some("a/b")),
        ("./a/./b/.", Some("a/b")),
        ("a/../b", Some("b")),
        ("a/b/../..", Some("")),
        ("a/..", Some("")),
        ("...", Some("...")),
        (".a/..b", Some(".a/..b")),
        ("a\\b", Some("a\\b")),
        ("..", None),
        ("../a", None),
        ("a/../../b", None),
        ("a/../..", None),
        ("/", None),
        ("/a", None),
        ("a\0", None),
    ] {
        let found = SubpathBuf::clean(written.as_bytes());
        let found = found.as_ref().map(|path| path.as_bytes());
        assert_eq!(found, clean.map(str::as_bytes), "{written:?}");
        let as_is = Subpath::new(written.as_bytes()).is_some();
        assert_eq!(as_is, clean == Some(written), "{written:?}");
    }
}

#[test]
fn absolute_paths_are_cleaned() {
    // As File.expand_path of Ruby does, except that it leaves two slashes alone.
    for (written, clean) in [
        ("/", "/"),
        ("//", "/"),
        ("/..", "/"),
        ("/../..", "/"),
        ("/a", "/a"),
        ("/a/", "/a"),
        ("/a/.", "/a"),
        ("/a/..", "/"),
        ("/a/../..", "/"),
        ("/a//b/./../c", "/a/c"),
        ("/a/.../b", "/a/.../b"),
        ("/.a/..b", "/.a/..b"),
    ] {
        assert_eq!(
            clean_absolute(written.as_bytes()),
            clean.as_bytes(),
            "{written:?}"
        );
    }
}

#[test]
fn parents_end_at_the_root() {
    let mut path = Subpath::new(b"a/b.rb").unwrap();
    let mut seen = Vec::new();
    for _ in 0..3 {
        path = path.parent();
        seen.push(path.as_bytes());
    }
    assert_eq!(seen, [&b"a"[..], b"", b""]);
    let root = SubpathBuf::default();
    assert!(root.is_root() && root.join(Subpath::ROOT).is_root());
}
