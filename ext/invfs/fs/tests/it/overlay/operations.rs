//! Each operation beside the same one on a real directory.

use libc::{
    EEXIST, EINVAL, EISDIR, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR, ENOTEMPTY, EPERM, O_APPEND,
    O_EXCL, O_TRUNC,
};

use super::*;

const READ: i32 = libc::O_RDONLY;
const WRITE: i32 = libc::O_WRONLY;
const CREATE: i32 = libc::O_WRONLY | libc::O_CREAT;

fn s(text: &str) -> String {
    text.into()
}

fn open(path: &str, flags: i32) -> Op {
    Op::Open(s(path), flags, 0o666, s("written"))
}

fn rename(from: &str, to: &str) -> Op {
    Op::Rename(s(from), s(to), false)
}

/// Runs the operations on both, and says which of them failed with which number.
fn run(ops: &[Op]) -> Vec<i32> {
    let pair = Pair::new();
    let numbers = ops
        .iter()
        .map(|op| pair.run(op).err().unwrap_or(0))
        .collect();
    pair.check();
    numbers
}

#[test]
fn opening_for_writing() {
    let numbers = run(&[
        open("a", WRITE),
        open("b", WRITE | O_TRUNC),
        open("c", WRITE | O_APPEND),
        open("d/a", libc::O_RDWR),
        open("f/a", READ | O_TRUNC),
        open("to_d/b", WRITE | O_APPEND),
        open("d/up/b", WRITE | O_APPEND),
        open("new", CREATE),
        open("d/e/new", CREATE | O_EXCL),
        Op::Open(s("private"), CREATE, 0o600, s("x")),
        Op::Open(s("program"), CREATE, 0o777, s("x")),
        open("to_a", READ),
        open("nowhere", CREATE),
        open("missing", READ),
    ]);
    assert_eq!(numbers, [0; 14]);
}

#[test]
fn opening_what_cannot_be_opened() {
    let numbers = run(&[
        open("a", CREATE | O_EXCL),
        open("to_a", CREATE | O_EXCL),
        open("nowhere", CREATE | O_EXCL),
        open("d", CREATE | O_EXCL),
        open("d", WRITE),
        open("d", CREATE),
        open("", WRITE),
        open("missing", READ),
        open("missing", WRITE),
        open("nowhere", READ),
        open("missing/x", CREATE),
        open("a/x", CREATE),
        open("a/x", READ),
        open("to_a", READ | libc::O_NOFOLLOW),
        open("to_a", WRITE | libc::O_NOFOLLOW),
        open("to_a", CREATE | libc::O_NOFOLLOW),
        open("circle", READ),
        open("circle/x", CREATE),
        open("a", READ | libc::O_DIRECTORY),
        open(&"x".repeat(256), CREATE),
        open(&"x".repeat(256), READ),
        open("d/e/f/g", CREATE),
    ]);
    let expected = [
        EEXIST,
        EEXIST,
        EEXIST,
        EEXIST,
        EISDIR,
        EISDIR,
        EISDIR,
        ENOENT,
        ENOENT,
        ENOENT,
        ENOENT,
        ENOTDIR,
        ENOTDIR,
        ELOOP,
        ELOOP,
        ELOOP,
        ELOOP,
        ELOOP,
        ENOTDIR,
        ENAMETOOLONG,
        ENAMETOOLONG,
        ENOENT,
    ];
    assert_eq!(numbers, expected);
}

#[test]
fn deleting() {
    let numbers = run(&[
        Op::Remove(s("a")),
        Op::Remove(s("a")),
        open("b", WRITE),
        Op::Remove(s("b")),
        Op::Remove(s("d")),
        Op::Remove(s("d/up")),
        Op::Remove(s("c/x")),
        Op::Remove(s("to_d/a")),
        open("d/a", READ),
        open("a", CREATE | O_EXCL),
        Op::RemoveDirectory(s("empty")),
        Op::RemoveDirectory(s("d")),
        Op::RemoveDirectory(s("c")),
        Op::RemoveDirectory(s("to_d")),
        Op::RemoveDirectory(s("missing")),
        Op::Remove(s("d/e/a")),
        Op::RemoveDirectory(s("d/e")),
        Op::Remove(s("d/e/b")),
        Op::RemoveDirectory(s("d/e")),
        Op::MakeDirectory(s("d/e"), 0o755),
        Op::List(s("d/e")),
        open("d/e/b", READ),
        Op::RemoveDirectory(s("d/e")),
        Op::RemoveDirectory(s("d/e")),
    ]);
    let expected = [
        0, ENOENT, 0, 0, EISDIR, 0, ENOTDIR, 0, ENOENT, 0, 0, ENOTEMPTY, ENOTDIR, ENOTDIR, ENOENT,
        0, ENOTEMPTY, 0, 0, 0, 0, ENOENT, 0, ENOENT,
    ];
    assert_eq!(numbers, expected);
}

#[test]
fn renaming_files() {
    let numbers = run(&[
        rename("a", "new"),
        open("a", READ),
        rename("b", "c"),
        rename("d/a", "d/e/new"),
        rename("to_d", "to_d2"),
        open("to_d2/b", READ),
        rename("missing", "x"),
        rename("c", "missing/x"),
        rename("c", "d"),
        rename("c", "d/b/x"),
        rename("c", "c"),
        Op::Rename(s("c"), s("d/b"), true),
        Op::Rename(s("c"), s("d/free"), true),
        Op::Rename(s("d/b"), s("d/b"), true),
        Op::Link(s("d/b"), s("second")),
        rename("d/b", "second"),
        open("second", READ),
        rename("d/free", "to_a"),
        open("to_a", READ),
        rename("to_a", "a"),
    ]);
    let expected = [
        0, ENOENT, 0, 0, 0, 0, ENOENT, ENOENT, EISDIR, ENOTDIR, 0, EEXIST, 0, EEXIST, 0, 0, 0, 0,
        0, 0,
    ];
    assert_eq!(numbers, expected);
}

#[test]
fn renaming_directories() {
    let numbers = run(&[
        rename("d", "d/e/inside"),
        rename("f", "f/g/h/x"),
        rename("d/e", "d"),
        rename("d", "a"),
        rename("d", "f"),
        rename("d", "d"),
        Op::Rename(s("d"), s("empty"), true),
        open("d/e/a", WRITE | O_TRUNC),
        Op::Remove(s("d/a")),
        rename("d", "empty"),
        Op::List(s("empty/e")),
        open("empty/e/a", READ),
        open("empty/e/b", READ),
        open("empty/a", READ),
        Op::List(s("d")),
        Op::MakeDirectory(s("d"), 0o755),
        Op::List(s("d")),
        rename("f/g", "d"),
        Op::List(s("d/h")),
        rename("d", "f/g"),
        rename("empty", "deeper"),
        rename("deeper/e", "f/e"),
        open("f/e/b", WRITE | O_APPEND),
    ]);
    let expected = [
        EINVAL, EINVAL, ENOTEMPTY, ENOTDIR, ENOTEMPTY, 0, EEXIST, 0, 0, 0, 0, 0, 0, ENOENT, ENOENT,
        0, 0, 0, 0, 0, 0, 0, 0,
    ];
    assert_eq!(numbers, expected);
}

#[test]
fn links_and_directories() {
    let numbers = run(&[
        Op::MakeDirectory(s("new"), 0o777),
        Op::MakeDirectory(s("new/private"), 0o700),
        Op::MakeDirectory(s("a"), 0o755),
        Op::MakeDirectory(s("d"), 0o755),
        Op::MakeDirectory(s("nowhere"), 0o755),
        Op::MakeDirectory(s("missing/x"), 0o755),
        Op::MakeDirectory(s("a/x"), 0o755),
        Op::Symlink(s("e/a"), s("d/link")),
        open("d/link", WRITE),
        Op::Symlink(s("../a"), s("d/e")),
        Op::Symlink(s(""), s("void")),
        Op::Symlink(s("a"), s("to_a")),
        Op::Symlink(s("../f/g/"), s("new/f")),
        open("new/f/b", WRITE),
        Op::Symlink(s("a/"), s("no_directory")),
        open("no_directory", READ),
        Op::ReadLink(s("d/link")),
        Op::ReadLink(s("a")),
        Op::ReadLink(s("d")),
        Op::ReadLink(s("missing")),
        Op::Link(s("a"), s("new/a")),
        open("new/a", WRITE | O_APPEND),
        open("a", READ),
        Op::Link(s("a"), s("b")),
        Op::Link(s("d"), s("d2")),
        Op::Link(s("d"), s("a")),
        Op::Link(s("missing"), s("a")),
        Op::Link(s("to_a"), s("to_a2")),
        Op::ReadLink(s("to_a2")),
    ]);
    let expected = [
        0, 0, EEXIST, EEXIST, EEXIST, ENOENT, ENOTDIR, 0, 0, EEXIST, ENOENT, EEXIST, 0, 0, 0,
        ENOTDIR, 0, EINVAL, EINVAL, ENOENT, 0, 0, 0, EEXIST, EPERM, EEXIST, ENOENT, 0, 0,
    ];
    assert_eq!(numbers, expected);
}

#[test]
fn attributes() {
    let numbers = run(&[
        Op::Mode(s("a"), 0o751),
        Op::Mode(s("d"), 0o701),
        Op::Mode(s("to_d/e"), 0o710),
        Op::Mode(s("to_a"), 0o600),
        Op::Mode(s("missing"), 0o600),
        Op::Mode(s("nowhere"), 0o600),
        Op::Times(s("b"), 1_000_000_000, true),
        Op::Times(s("d/e/b"), -5, true),
        Op::Times(s("f"), 1_000_000_001, true),
        Op::Times(s("to_a"), 1_000_000_002, false),
        Op::Times(s("a/x"), 1_000_000_002, false),
        Op::Owner(s("c"), true),
        Op::Owner(s("to_d"), false),
        Op::Owner(s("d"), false),
        Op::Truncate(s("d/a"), 3),
        Op::Truncate(s("d/b"), 30),
        Op::Truncate(s("d"), 3),
        Op::Truncate(s("a"), u64::MAX),
        Op::Truncate(s("missing"), 3),
        Op::Stat(s("d/up"), false),
        Op::Stat(s("d/up"), true),
    ]);
    let expected = [
        0, 0, 0, 0, ENOENT, ENOENT, 0, 0, 0, 0, ENOTDIR, 0, 0, 0, 0, 0, EISDIR, EINVAL, ENOENT, 0,
        0,
    ];
    assert_eq!(numbers, expected);
}

#[test]
fn what_is_copied_up_keeps_its_permissions_and_time() {
    let pair = Pair::new();
    let stat = |path: &str| pair.union.run(&Op::Stat(s(path), false)).unwrap();
    let paths = ["d", "d/e", "d/e/b", "to_a"];
    let before = paths.map(stat);
    assert!(before[2].starts_with("File 640 11 "), "{}", before[2]);
    pair.run(&Op::Link(s("d/e/b"), s("second"))).unwrap();
    pair.run(&Op::Link(s("to_a"), s("third"))).unwrap();
    assert_eq!(paths.map(stat), before);
    assert_eq!(stat("second"), before[2]);
    assert_eq!(stat("third"), before[3]);
    assert!(pair.upper.path().join("d/e/b").is_file());
}

#[test]
fn inode_numbers_are_those_of_the_upper_layer() {
    use std::os::unix::fs::MetadataExt;
    let pair = Pair::new();
    let ino = |path: &str| {
        let node = pair.union.0.stat(crate::support::sub(path), true);
        node.unwrap().ino
    };
    let lower = ino("a");
    pair.run(&open("a", WRITE)).unwrap();
    let real = std::fs::metadata(pair.upper.path().join("a")).unwrap();
    assert_ne!(lower, Some(real.ino()));
    assert_eq!(ino("a"), Some(real.ino()));
    assert_eq!(ino("to_a"), Some(real.ino()));
    pair.run(&rename("a", "moved")).unwrap();
    assert_eq!(ino("moved"), Some(real.ino()));
}

#[test]
fn the_root_stays() {
    let pair = Pair::new();
    for (op, number) in [
        (Op::RemoveDirectory(s("")), libc::EBUSY),
        (Op::Remove(s("")), EISDIR),
        (rename("", "x"), libc::EBUSY),
        (rename("d", ""), libc::EBUSY),
        (Op::Rename(s("d"), s(""), true), EEXIST),
        (Op::MakeDirectory(s(""), 0o755), EEXIST),
    ] {
        assert_eq!(pair.union.run(&op), Err(number), "{op:?}");
    }
    assert_eq!(pair.union.run(&Op::Mode(s(""), 0o711)), Ok(s("")));
    let stat = pair.union.run(&Op::Stat(s(""), true)).unwrap();
    assert!(stat.starts_with("Directory 711 "), "{stat}");
}

/// Only a user other than root is refused anything: the answers are the control's, whoever runs this.
#[test]
fn directories_that_cannot_be_written() {
    let numbers = run(&[
        open("sealed/a", WRITE),
        Op::Stat(s("sealed"), true),
        open("sealed/new", CREATE),
        Op::Remove(s("sealed/a")),
        rename("sealed/a", "sealed/c"),
        open("sealed/in/b", WRITE),
        open("sealed/in/new", CREATE),
        rename("sealed/in", "moved"),
        Op::MakeDirectory(s("sealed/d"), 0o755),
        Op::Link(s("a"), s("sealed/link")),
        Op::Mode(s("sealed"), 0o755),
        open("sealed/new", CREATE),
    ]);
    assert_eq!((numbers[0], numbers[10], numbers[11]), (0, 0, 0));
}
