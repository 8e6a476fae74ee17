//! Several threads, and several users of one upper directory, at once.

use std::fs::File;
use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use invfs_fs::file_system::{Change, OpenHow, Opened};

use super::*;
use crate::support::sub;

fn open(union: &Union, path: &str, flags: i32) -> Option<File> {
    let how = OpenHow { flags, mode: 0o644 };
    match union.0.open(sub(path), how) {
        Ok(Opened::Real(fd)) => Some(File::from(fd)),
        Ok(_) => None,
        Err(errno) => panic!("{path}: {errno:?}"),
    }
}

#[test]
fn no_write_is_lost_when_many_copy_up_one_file() {
    let upper = TempDir::new();
    let unions = [union(upper.path()), union(upper.path())];
    for path in ["a", "d/e/a", "f/g/h/a"] {
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let union = &unions[thread % 2];
                scope.spawn(move || {
                    let flags = libc::O_WRONLY | libc::O_APPEND;
                    let mut file = open(union, path, flags).expect("a real file");
                    // In one piece: `writeln!` may write the number and the end of the line one by one.
                    file.write_all(format!(" {thread}\n").as_bytes()).unwrap();
                });
            }
        });
        let mut text = String::new();
        let mut file = open(&unions[0], path, libc::O_RDONLY).expect("a real file");
        file.read_to_string(&mut text).unwrap();
        let rest = text
            .strip_prefix(&format!("lower {path}"))
            .expect("what was there");
        let mut written: Vec<&str> = rest.split_whitespace().collect();
        written.sort();
        assert_eq!(written, ["0", "1", "2", "3", "4", "5", "6", "7"], "{path}");
    }
    let left = std::fs::read_dir(upper.path().join(".invfs-upper/work")).unwrap();
    assert_eq!(left.count(), 0);
}

#[test]
fn what_was_replaced_is_never_seen_again() {
    let upper = TempDir::new();
    let (union, done) = (union(upper.path()), AtomicBool::new(false));
    let union = &union;
    let write = |path: &str| {
        let flags = libc::O_WRONLY | libc::O_CREAT | libc::O_TRUNC;
        let mut file = open(union, path, flags).expect("a real file");
        file.write_all(b"new").unwrap();
    };
    write("d/tmp");
    union
        .0
        .change(Change::Rename(sub("d/tmp"), sub("d/a"), false))
        .unwrap();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let how = OpenHow {
                    flags: libc::O_RDONLY,
                    mode: 0,
                };
                while !done.load(Ordering::Relaxed) {
                    match union.0.open(sub("d/a"), how) {
                        Ok(Opened::Real(fd)) => {
                            let mut text = String::new();
                            File::from(fd).read_to_string(&mut text).unwrap();
                            assert_eq!(text, "new");
                        }
                        Ok(_) => panic!("the lower file is back"),
                        Err(errno) => assert_eq!(errno.0, libc::ENOENT),
                    }
                }
            });
        }
        for round in 0..100 {
            write("d/tmp");
            let rename = Change::Rename(sub("d/tmp"), sub("d/a"), false);
            union.0.change(rename).unwrap();
            if round % 2 == 0 {
                union.0.change(Change::Remove(sub("d/a"))).unwrap();
            }
        }
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn a_file_that_is_removed_while_others_copy_it_up_stays_removed() {
    for _ in 0..10 {
        let upper = TempDir::new();
        let union = union(upper.path());
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    let how = OpenHow {
                        flags: libc::O_WRONLY,
                        mode: 0,
                    };
                    match union.0.open(sub("d/a"), how) {
                        Ok(opened) => assert!(matches!(opened, Opened::Real(_))),
                        Err(errno) => assert_eq!(errno.0, libc::ENOENT),
                    }
                });
            }
            scope.spawn(|| union.0.change(Change::Remove(sub("d/a"))).unwrap());
        });
        let gone = union.0.stat(sub("d/a"), true).map_err(|errno| errno.0);
        assert_eq!(gone, Err(libc::ENOENT));
    }
}

#[test]
fn one_name_is_made_once() {
    let upper = TempDir::new();
    let unions = [union(upper.path()), union(upper.path())];
    for round in 0..10 {
        let path = format!("d/new{round}");
        let made: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..6)
                .map(|thread| {
                    let (union, path) = (&unions[thread % 2], &path);
                    scope.spawn(move || {
                        let change = Change::MakeDirectory(sub(path), 0o755);
                        let how = OpenHow {
                            flags: libc::O_CREAT | libc::O_EXCL | libc::O_WRONLY,
                            mode: 0o644,
                        };
                        let made = match thread < 3 {
                            true => union.0.change(change),
                            false => union.0.open(sub(path), how).map(drop),
                        };
                        match made {
                            Ok(()) => 1,
                            Err(errno) => {
                                assert_eq!(errno.0, libc::EEXIST);
                                0
                            }
                        }
                    })
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .sum()
        });
        assert_eq!(made, 1);
    }
}
