//! What another process with the same upper directory finds.

use super::*;
use std::os::fd::AsRawFd;

fn s(text: &str) -> String {
    text.into()
}

#[test]
fn everything_is_there_for_whoever_opens_it_next() {
    let pair = Pair::new();
    let create = libc::O_WRONLY | libc::O_CREAT;
    for op in [
        Op::Open(s("a"), libc::O_WRONLY, 0, s("changed")),
        Op::Open(s("d/new"), create, 0o600, s("new")),
        Op::Remove(s("b")),
        Op::Rename(s("f"), s("moved"), false),
        Op::MakeDirectory(s("f"), 0o755),
        Op::Rename(s("d/e"), s("f/e"), false),
        Op::Symlink(s("e/a"), s("f/link")),
        Op::Mode(s("c"), 0o600),
        Op::RemoveDirectory(s("empty")),
    ] {
        pair.run(&op).unwrap();
        pair.check();
    }
}

#[test]
fn two_at_once_see_what_the_other_does() {
    let pair = Pair::new();
    let second = union(pair.upper.path());
    let create = libc::O_WRONLY | libc::O_CREAT;
    for op in [
        Op::Remove(s("a")),
        Op::Open(s("a"), create, 0o644, s("again")),
        Op::Rename(s("d"), s("empty/d"), false),
        Op::MakeDirectory(s("d"), 0o755),
    ] {
        pair.run(&op).unwrap();
        assert_eq!(snapshot(&second, true), snapshot(&pair.control, true));
    }
}

#[test]
fn files_that_were_there_before_are_merged() {
    let upper = TempDir::new();
    upper.write("d/mine", "mine");
    upper.write("a", "mine");
    let union = union(upper.path());
    let read = |path: &str| union.run(&Op::Open(s(path), libc::O_RDONLY, 0, s("")));
    assert_eq!(read("d/mine"), Ok(s("mine")));
    assert_eq!(read("a"), Ok(s("mine")));
    assert_eq!(read("d/a"), Ok(s("lower d/a")));
    assert_eq!(union.run(&Op::List(s("d"))), Ok(s("a b e mine up")));
}

#[test]
fn our_own_name_is_not_to_be_had() {
    let pair = Pair::new();
    let ours = || s(".invfs-upper");
    let create = libc::O_WRONLY | libc::O_CREAT;
    for (op, number) in [
        (Op::Stat(ours(), false), libc::ENOENT),
        (Op::List(ours()), libc::ENOENT),
        (Op::Stat(s(".invfs-upper/lock"), false), libc::ENOENT),
        (Op::Open(ours(), create, 0o644, s("x")), libc::EPERM),
        (
            Op::Open(s(".invfs-upper/x"), create, 0o644, s("x")),
            libc::ENOENT,
        ),
        (Op::MakeDirectory(ours(), 0o755), libc::EPERM),
        (Op::Symlink(s("a"), ours()), libc::EPERM),
        (Op::Link(s("a"), ours()), libc::EPERM),
        (Op::Rename(s("a"), ours(), false), libc::EPERM),
        (Op::Rename(s("d"), ours(), false), libc::EPERM),
        (Op::Rename(ours(), s("x"), false), libc::ENOENT),
        (Op::RemoveDirectory(ours()), libc::ENOENT),
    ] {
        assert_eq!(pair.union.run(&op), Err(number), "{op:?}");
    }
    // Elsewhere it is a name as any other, and so are the names that stand in our directory.
    for name in [
        "d/.invfs-upper",
        "names",
        "below",
        "d/names",
        "gone",
        "work",
    ] {
        pair.run(&Op::MakeDirectory(s(name), 0o755)).unwrap();
    }
    pair.run(&Op::Rename(s("d"), s("below/names"), false))
        .unwrap();
    pair.check();
}

#[test]
fn unfinished_work_goes_and_work_in_progress_stays() {
    let upper = TempDir::new();
    drop(union(upper.path()));
    let stale = upper.write(".invfs-upper/work/1-1", "stale");
    let busy = upper.write(".invfs-upper/work/1-2", "busy");
    std::fs::create_dir(upper.path().join(".invfs-upper/work/1-3")).unwrap();
    std::os::unix::fs::symlink("a", upper.path().join(".invfs-upper/work/1-4")).unwrap();
    let writer = std::fs::File::open(&busy).unwrap();
    // SAFETY: a call on an open descriptor.
    assert_eq!(unsafe { libc::flock(writer.as_raw_fd(), libc::LOCK_EX) }, 0);
    drop(union(upper.path()));
    assert!(!stale.exists());
    assert!(busy.exists());
    // Not by closing it: a child that another test forked meanwhile has it, too.
    // SAFETY: a call on an open descriptor.
    assert_eq!(unsafe { libc::flock(writer.as_raw_fd(), libc::LOCK_UN) }, 0);
    drop(union(upper.path()));
    let left = std::fs::read_dir(upper.path().join(".invfs-upper/work")).unwrap();
    assert_eq!(left.count(), 0);
}

#[test]
fn an_upper_layer_that_is_no_directory_is_refused() {
    let upper = TempDir::new();
    let file = upper.write("file", "");
    for (path, number) in [
        (file, libc::ENOTDIR),
        (upper.path().join("missing"), libc::ENOENT),
    ] {
        let error = Overlay::new(lower(), path).err().unwrap();
        assert_eq!(error.raw_os_error(), Some(number));
    }
}
