//! The mount table: the longest root that a path lies in.

use invfs_engine::root_map::RootMap;

fn table(roots: &[&'static str]) -> RootMap<&'static str> {
    let mut table = RootMap::new();
    for root in roots.iter().copied() {
        assert_eq!(table.insert(root.as_bytes(), root), None);
    }
    table
}

#[track_caller]
fn assert_found(table: &RootMap<&'static str>, path: &str, expected: Option<(&str, &str)>) {
    let found = table.find(path.as_bytes()).map(|(mounted, root, inside)| {
        assert_eq!(mounted.as_bytes(), root);
        (*mounted, std::str::from_utf8(inside.as_bytes()).unwrap())
    });
    assert_eq!(found, expected, "{path}");
}

#[test]
fn the_longest_root_at_a_component_boundary_wins() {
    let table = table(&["/a/app.zip", "/a/app.zip/vendor", "/a/b", "/a/app", "/x"]);
    for (path, expected) in [
        ("/a/app.zip", Some(("/a/app.zip", ""))),
        ("/a/app.zip/lib/a.rb", Some(("/a/app.zip", "lib/a.rb"))),
        ("/a/app.zip/vendor", Some(("/a/app.zip/vendor", ""))),
        (
            "/a/app.zip/vendor/x.rb",
            Some(("/a/app.zip/vendor", "x.rb")),
        ),
        (
            "/a/app.zip/vendored/x.rb",
            Some(("/a/app.zip", "vendored/x.rb")),
        ),
        ("/a/app/x", Some(("/a/app", "x"))),
        ("/a/app.zipper/x", None),
        ("/a/app.zi", None),
        ("/a", None),
        ("/", None),
        ("", None),
        ("/y", None),
        ("/x/y", Some(("/x", "y"))),
        ("a/app.zip/x", None),
        ("/a/app.zip/", Some(("/a/app.zip", ""))),
        ("/a/app.zip/../b", None),
        ("/a/app.zip//b", None),
    ] {
        assert_found(&table, path, expected);
    }
}

#[test]
fn the_root_of_the_file_system_can_be_mounted() {
    let table = table(&["/", "/a"]);
    assert_found(&table, "/", Some(("/", "")));
    assert_found(&table, "/b/c", Some(("/", "b/c")));
    assert_found(&table, "/a/c", Some(("/a", "c")));
    assert_found(&table, "/ab", Some(("/", "ab")));
    assert_found(&table, "relative", None);
}

#[test]
fn mounts_come_and_go() {
    let mut table = table(&["/a", "/a/b"]);
    assert_eq!((table.len(), table.is_empty()), (2, false));
    assert_eq!(table.get(b"/a"), Some(&"/a"));
    assert_eq!(table.get(b"/a/"), None);
    assert_eq!(table.insert(b"/a", "new"), Some("/a"));
    assert_eq!(table.get(b"/a"), Some(&"new"));
    assert_eq!(table.remove(b"/a/b"), Some("/a/b"));
    assert_eq!(table.remove(b"/a/b"), None);
    assert_eq!(table.find(b"/a/b/c").unwrap().2.as_bytes(), b"b/c");
    assert_eq!(table.remove(b"/a"), Some("new"));
    assert!(table.is_empty() && table.find(b"/a").is_none());
    assert_eq!(table.iter().count(), 0);
}

#[test]
fn many_mounts_are_told_apart() {
    let mut table = RootMap::new();
    let root = |n: usize| {
        format!(
            "/srv/{}/app{n}.zip",
            "d/".repeat(n % 50).trim_end_matches('/')
        )
    };
    for n in 0..1000 {
        table.insert(root(n).as_bytes(), n);
    }
    for n in 0..1000 {
        let path = format!("{}/lib/x.rb", root(n));
        let (found, at, inside) = table.find(path.as_bytes()).unwrap();
        assert_eq!(
            (*found, at, inside.as_bytes()),
            (n, root(n).as_bytes(), &b"lib/x.rb"[..])
        );
    }
    let mut all: Vec<usize> = table.iter().map(|(_, n)| *n).collect();
    all.sort_unstable();
    assert!(all.into_iter().eq(0..1000));
    for n in (0..1000).step_by(2) {
        table.remove(root(n).as_bytes()).unwrap();
    }
    for n in 0..1000 {
        assert_eq!(table.find(root(n).as_bytes()).is_some(), n % 2 == 1);
    }
}
