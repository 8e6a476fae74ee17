//! Directories, unions and sub-directories.

use std::fs;
use std::sync::Arc;

use invfs_engine::path::SubpathBuf;
use invfs_engine::vfs::{DirVfs, Kind, SubVfs, UnionVfs, Vfs};
use invfs_engine::ErrorKind;

use crate::support::*;

fn zip(files: &[(&str, &str)]) -> Arc<dyn Vfs> {
    let entries: Vec<Entry> = files
        .iter()
        .map(|(name, text)| Entry::stored(name, text))
        .collect();
    shared(open(Zip::of(entries).build()).unwrap())
}

#[test]
fn a_directory_is_read() {
    let dir = TempDir::new();
    dir.write("a.rb", "A");
    dir.write("lib/b.rb", "B".repeat(100_000));
    dir.write("empty", "");
    let vfs = DirVfs::new(dir.path().to_owned());
    assert_eq!(read(&vfs, "a.rb").unwrap(), b"A");
    assert_eq!(
        read(&vfs, "lib/b.rb").unwrap(),
        "B".repeat(100_000).as_bytes()
    );
    assert_eq!(read(&vfs, "empty").unwrap(), b"");
    assert_eq!(
        list(&vfs, ""),
        Some(vec!["a.rb".into(), "empty".into(), "lib/".into()])
    );
    assert_eq!(list(&vfs, "a.rb"), None);
    assert_eq!(list(&vfs, "missing"), None);
    assert_eq!(read_error(&vfs, "lib"), ErrorKind::IsDirectory);
    for missing in ["missing", "a.rb/x", "missing/x", &"x".repeat(5000)] {
        assert_eq!(kind(&vfs, missing), None);
        assert_eq!(read_error(&vfs, missing), ErrorKind::NotFound);
    }
    let stat = vfs.stat(sub("lib/b.rb")).unwrap().unwrap();
    assert_eq!((stat.kind, stat.size), (Kind::File, 100_000));
    assert!(stat.mtime > 1_600_000_000);
    assert_eq!(vfs.stat(sub("lib")).unwrap().unwrap().size, 0);

    let mut out = Vec::new();
    let error = vfs.read(sub("lib/b.rb"), 99_999, &mut out).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    vfs.read(sub("lib/b.rb"), 100_000, &mut out).unwrap();

    let nowhere = DirVfs::new(dir.path().join("nowhere"));
    assert_eq!(kind(&nowhere, ""), None);
    assert_eq!(list(&nowhere, ""), None);
    assert_eq!(read_error(&nowhere, "a.rb"), ErrorKind::NotFound);
}

#[cfg(unix)]
#[test]
fn links_and_special_files_of_a_directory() {
    use std::os::unix::fs::{symlink, PermissionsExt};
    let dir = TempDir::new();
    let outside = TempDir::new();
    outside.write("secret", "S");
    let file = dir.write("lib/a.rb", "A");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("lib/a.rb", dir.path().join("link")).unwrap();
    symlink("lib", dir.path().join("dirlink")).unwrap();
    symlink(outside.path(), dir.path().join("out")).unwrap();
    symlink("loop", dir.path().join("loop")).unwrap();
    symlink("gone", dir.path().join("dangling")).unwrap();
    let fifo = dir.path().join("fifo");
    assert!(std::process::Command::new("mkfifo")
        .arg(&fifo)
        .status()
        .unwrap()
        .success());
    let vfs = DirVfs::new(dir.path().to_owned());
    assert_eq!(vfs.stat(sub("lib/a.rb")).unwrap().unwrap().mode, 0o640);
    for name in ["link", "dirlink/a.rb"] {
        assert_eq!(read(&vfs, name).unwrap(), b"A");
    }
    assert_eq!(
        read(&vfs, "out/secret").unwrap(),
        b"S",
        "as the system does"
    );
    for name in ["loop", "dangling", "fifo"] {
        assert_eq!(kind(&vfs, name), None, "{name}");
        assert_eq!(read_error(&vfs, name), ErrorKind::NotFound, "{name}");
    }
    let listed = ["dangling@", "dirlink@", "lib/", "link@", "loop@", "out@"];
    assert_eq!(list(&vfs, "").unwrap(), listed);
}

#[cfg(target_os = "linux")]
#[test]
fn files_that_do_not_tell_their_size_are_read() {
    let vfs = DirVfs::new("/proc/self".into());
    assert!(!read(&vfs, "status").unwrap().is_empty());
    let error = vfs.read(sub("status"), 10, &mut Vec::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
}

#[test]
fn the_first_layer_with_a_file_wins() {
    let dir = TempDir::new();
    dir.write("a.rb", "dir");
    dir.write("only_dir.rb", "dir");
    dir.write("lib/x.rb", "dir");
    let union = UnionVfs::new(vec![
        zip(&[
            ("a.rb", "first"),
            ("lib/one.rb", "1"),
            ("mixed/x", "below"),
            ("empty/", ""),
        ]),
        zip(&[
            ("a.rb", "second"),
            ("b.rb", "second"),
            ("lib/two.rb", "2"),
            ("mixed", "file"),
        ]),
        shared(DirVfs::new(dir.path().to_owned())),
    ]);
    for (name, contents) in [
        ("a.rb", "first"),
        ("b.rb", "second"),
        ("only_dir.rb", "dir"),
        ("lib/one.rb", "1"),
        ("lib/two.rb", "2"),
        ("lib/x.rb", "dir"),
        ("mixed", "file"),
    ] {
        assert_eq!(read(&union, name).unwrap(), contents.as_bytes(), "{name}");
        assert_eq!(
            union.stat(sub(name)).unwrap().unwrap().size,
            contents.len() as u64
        );
    }
    let top = ["a.rb", "b.rb", "empty/", "lib/", "mixed", "only_dir.rb"];
    assert_eq!(list(&union, "").unwrap(), top);
    assert_eq!(list(&union, "lib").unwrap(), ["one.rb", "two.rb", "x.rb"]);
    assert_eq!(list(&union, "mixed"), None, "a file");
    assert_eq!(list(&union, "empty"), Some(vec![]));
    assert_eq!(list(&union, "a.rb"), None);
    assert_eq!(kind(&union, "lib"), Some(Kind::Directory));
    assert_eq!(kind(&union, "missing"), None);
    assert_eq!(read_error(&union, "missing"), ErrorKind::NotFound);
    assert_eq!(read_error(&union, "lib"), ErrorKind::IsDirectory);
    let error = union.read(sub("a.rb"), 4, &mut Vec::new()).unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::TooLarge,
        "a large file still hides the others"
    );
}

#[test]
fn a_union_of_nothing_is_an_empty_directory() {
    let union = UnionVfs::new(vec![]);
    assert_eq!(kind(&union, ""), Some(Kind::Directory));
    assert_eq!(list(&union, ""), Some(vec![]));
    assert_eq!(read_error(&union, "a"), ErrorKind::NotFound);
    assert_eq!(read_error(&union, ""), ErrorKind::IsDirectory);
}

#[test]
fn a_layer_that_fails_fails_the_lookup() {
    let closed = open(Zip::of([Entry::stored("a", "x")]).build()).unwrap();
    closed.close();
    let union = UnionVfs::new(vec![zip(&[("a", "top")]), shared(closed)]);
    assert_eq!(read(&union, "a").unwrap(), b"top", "found before");
    assert_eq!(union.stat(sub("b")).unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(union.list(sub("")).unwrap_err().kind(), ErrorKind::Closed);
}

#[test]
fn a_sub_directory_is_a_vfs_of_its_own() {
    let whole = zip(&[("lib/a.rb", "A"), ("lib/x/b.rb", "B"), ("other.rb", "O")]);
    let dir = |path: &str| SubpathBuf::clean(path.as_bytes()).unwrap();
    let lib = shared(SubVfs::new(whole.clone(), dir("lib")));
    assert_eq!(read(&*lib, "a.rb").unwrap(), b"A");
    assert_eq!(list(&*lib, "").unwrap(), ["a.rb", "x/"]);
    assert_eq!(kind(&*lib, "x"), Some(Kind::Directory));
    assert_eq!(kind(&*lib, "other.rb"), None);
    let x = SubVfs::new(lib, dir("./x/"));
    assert_eq!(read(&x, "b.rb").unwrap(), b"B");
    assert_eq!(list(&x, "").unwrap(), ["b.rb"]);
    let nowhere = SubVfs::new(whole.clone(), dir("nowhere"));
    assert_eq!(kind(&nowhere, ""), None);
    assert_eq!(list(&nowhere, ""), None);
    let root = SubVfs::new(whole, dir(""));
    assert_eq!(read(&root, "other.rb").unwrap(), b"O");
}
