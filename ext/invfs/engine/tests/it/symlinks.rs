//! Symbolic links that an archive stores: followed inside it, never out of it.

use invfs_engine::archive::Archive;
use invfs_engine::vfs::{Kind, Vfs};
use invfs_engine::ErrorKind;

use crate::support::*;

fn archive(links: &[(&str, &str)]) -> Archive {
    let files = ["a.rb", "lib/b.rb", "lib/deep/c.rb", "src/d.rb"];
    let mut entries: Vec<Entry> = files
        .iter()
        .map(|name| Entry::deflated(name, name))
        .collect();
    entries.extend(
        links
            .iter()
            .map(|(name, target)| Entry::symlink(name, target)),
    );
    open(Zip::of(entries).build()).unwrap()
}

#[test]
fn links_are_followed_inside_the_archive() {
    let archive = archive(&[
        ("file", "a.rb"),
        ("deep", "lib/deep"),
        ("lib/up", "../a.rb"),
        ("lib/here", "./deep/../b.rb"),
        ("lib/sideways", "../src"),
        ("chain1", "chain2"),
        ("chain2", "lib/up"),
        ("root", "."),
        ("lib/root", ".."),
        ("slash", "lib/deep/"),
    ]);
    for (name, contents) in [
        ("file", "a.rb"),
        ("deep/c.rb", "lib/deep/c.rb"),
        ("lib/up", "a.rb"),
        ("lib/here", "lib/b.rb"),
        ("lib/sideways/d.rb", "src/d.rb"),
        ("chain1", "a.rb"),
        ("root/a.rb", "a.rb"),
        ("root/root/lib/root/lib/b.rb", "lib/b.rb"),
        ("lib/root/deep/c.rb", "lib/deep/c.rb"),
        ("slash/c.rb", "lib/deep/c.rb"),
        ("lib/sideways/../b.rb", ""),
    ] {
        if name.contains("..") {
            assert!(invfs_engine::path::Subpath::new(name.as_bytes()).is_none());
            continue;
        }
        assert_eq!(read(&archive, name).unwrap(), contents.as_bytes(), "{name}");
        let stat = archive.stat(sub(name)).unwrap().unwrap();
        assert_eq!(
            (stat.kind, stat.size),
            (Kind::File, contents.len() as u64),
            "{name}"
        );
    }
    for name in [
        "deep",
        "root",
        "lib/root",
        "lib/sideways",
        "slash",
        "root/lib/root",
    ] {
        assert_eq!(kind(&archive, name), Some(Kind::Directory), "{name}");
        assert_eq!(read_error(&archive, name), ErrorKind::IsDirectory, "{name}");
    }
    assert_eq!(list(&archive, "deep"), Some(vec!["c.rb".into()]));
    assert_eq!(list(&archive, "root/lib/root"), list(&archive, ""));
    assert_eq!(list(&archive, "file"), None);
    let here = list(&archive, "lib").unwrap();
    assert_eq!(
        here,
        ["b.rb", "deep/", "here@", "root@", "sideways@", "up@"]
    );
    let info = archive.entry(sub("file")).unwrap();
    assert_eq!((info.kind, info.size, info.mode), (Kind::Symlink, 4, 0o777));
}

#[test]
fn links_that_lead_to_nothing_are_nothing() {
    let archive = archive(&[
        ("gone", "missing.rb"),
        ("lib/gone", "a.rb"),
        ("below_file", "a.rb/x"),
        ("above_file", "a.rb/../lib/b.rb"),
        ("empty", ""),
        ("backslash", "lib\\b.rb"),
        ("nul", "a.rb\0"),
    ]);
    for name in [
        "gone",
        "lib/gone",
        "below_file",
        "above_file",
        "empty",
        "backslash",
        "nul",
    ] {
        assert_eq!(kind(&archive, name), None, "{name}");
        assert_eq!(list(&archive, name), None, "{name}");
        assert_eq!(read_error(&archive, name), ErrorKind::NotFound, "{name}");
    }
    assert_eq!(kind(&archive, "gone/x"), None);
}

#[test]
fn links_never_lead_out() {
    let archive = archive(&[
        ("up", ".."),
        ("passwd", "/etc/passwd"),
        ("root", "/"),
        ("relative", "../../../etc/passwd"),
        ("lib/up", "../.."),
        ("lib/out_and_in", "../../a.rb"),
        ("lib/absolute", "/a.rb"),
    ]);
    for name in [
        "up",
        "passwd",
        "root",
        "relative",
        "lib/up",
        "lib/out_and_in",
        "lib/absolute",
        "up/a.rb",
        "root/etc/passwd",
    ] {
        assert_eq!(kind(&archive, name), None, "{name}");
        assert_eq!(list(&archive, name), None, "{name}");
        assert_eq!(read_error(&archive, name), ErrorKind::UnsafeName, "{name}");
    }
}

#[test]
fn links_in_circles_are_an_error() {
    let archive = archive(&[
        ("self", "self"),
        ("a", "b"),
        ("b", "lib/../a"),
        ("grow", "grow/x"),
    ]);
    for name in ["self", "a", "b", "grow", "self/x"] {
        assert_eq!(kind(&archive, name), None, "{name}");
        assert_eq!(list(&archive, name), None, "{name}");
        let error = read(&archive, name).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io, "{name}");
        let code = error.io().unwrap().raw_os_error();
        #[cfg(target_os = "linux")]
        assert_eq!(code, Some(40), "ELOOP");
        assert!(code.is_some() || cfg!(not(unix)));
    }
}

#[test]
fn long_chains_end_where_those_of_linux_do() {
    let links: Vec<(String, String)> = (0..50)
        .map(|n| {
            (
                format!("l{n}"),
                if n == 0 {
                    "a.rb".into()
                } else {
                    format!("l{}", n - 1)
                },
            )
        })
        .collect();
    let links: Vec<(&str, &str)> = links
        .iter()
        .map(|(a, b)| (a.as_str(), b.as_str()))
        .collect();
    let archive = archive(&links);
    assert_eq!(read(&archive, "l39").unwrap(), b"a.rb", "40 links");
    assert_eq!(read_error(&archive, "l40"), ErrorKind::Io);
}

#[test]
fn a_link_whose_target_cannot_be_read_is_an_error() {
    let long = "x/".repeat(3000);
    for (entry, kind) in [
        (
            Entry::symlink("bad", "a.rb").with(|e| e.crc = 1),
            ErrorKind::Corrupt,
        ),
        (
            Entry::symlink("bad", "a.rb").with(|e| e.flags = 1),
            ErrorKind::Encrypted,
        ),
        (Entry::symlink("bad", &long), ErrorKind::TooLarge),
    ] {
        let archive = open(Zip::of([entry]).build()).unwrap();
        assert_eq!(read_error(&archive, "bad"), kind);
        assert_eq!(archive.stat(sub("bad")).unwrap_err().kind(), kind);
        assert_eq!(archive.stat(sub("bad/below")).unwrap_err().kind(), kind);
        assert_eq!(archive.stat(sub("other")).unwrap(), None);
    }
}

#[test]
fn a_link_is_not_a_directory_of_other_entries() {
    let zip = Zip::of([
        Entry::symlink("lib", "src"),
        Entry::stored("lib/evil.rb", ""),
    ]);
    assert_eq!(open_error(zip.build()), ErrorKind::DuplicateName);
}
