//! One operation, run on a real directory or on a union, and what it answered.

use std::ffi::CString;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::FromRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use invfs_engine::vfs::Kind;
use invfs_fs::file_system::{contents, Change, FileSystem, Node, OpenHow, Opened, Time};
use invfs_fs::overlay::Overlay;
use invfs_fs::sys::errno::Errno;

use crate::support::sub;

#[derive(Debug, Clone)]
pub enum Op {
    /// Opens; writes the text if the flags allow it, else reads all.
    Open(String, i32, u32, String),
    MakeDirectory(String, u32),
    RemoveDirectory(String),
    Remove(String),
    Rename(String, String, bool),
    Link(String, String),
    Symlink(String, String),
    Mode(String, u32),
    /// To the process's own user.
    Owner(String, bool),
    Times(String, i64, bool),
    Truncate(String, u64),
    Stat(String, bool),
    List(String),
    ReadLink(String),
}

pub trait Files {
    fn run(&self, op: &Op) -> Result<String, i32>;
}

/// A real directory.
pub struct Real(pub PathBuf);

/// A writable union.
pub struct Union(pub Overlay);

/// Times of the test itself differ from run to run; those that a test or the lower layer sets are long ago.
fn told(kind: Kind, mode: u32, size: u64, mtime: (i64, u32)) -> String {
    let size = if kind == Kind::Directory { 0 } else { size };
    let mode = if kind == Kind::Symlink { 0 } else { mode };
    let mtime = if mtime.0 > 1_500_000_000 { -1 } else { mtime.0 };
    format!("{kind:?} {mode:o} {size} {mtime}")
}

fn used(mut file: File, flags: i32, text: &str) -> Result<String, i32> {
    let number = |error: std::io::Error| error.raw_os_error().expect("an error of the system");
    let mut contents = String::new();
    match flags & libc::O_ACCMODE {
        libc::O_RDONLY => file.read_to_string(&mut contents).map_err(number)?,
        _ => file.write(text.as_bytes()).map_err(number)?,
    };
    Ok(contents)
}

fn done(result: i32) -> Result<String, i32> {
    match result {
        -1 => Err(Errno::last().0),
        _ => Ok(String::new()),
    }
}

fn times(seconds: i64) -> [Time; 2] {
    [Time::Same, Time::At(seconds, 5)]
}

impl Real {
    fn c(&self, path: &str) -> CString {
        let path = match path {
            "" => self.0.clone(),
            path => self.0.join(path),
        };
        CString::new(path.as_os_str().as_bytes()).expect("no NUL")
    }
}

impl Files for Real {
    fn run(&self, op: &Op) -> Result<String, i32> {
        let here = libc::AT_FDCWD;
        let nofollow = |follow: bool| {
            if follow {
                0
            } else {
                libc::AT_SYMLINK_NOFOLLOW
            }
        };
        // SAFETY: all strings are C strings that outlive the calls, all buffers are as long as the calls are told.
        unsafe {
            match op {
                Op::Open(path, flags, mode, text) => {
                    let fd = libc::open(self.c(path).as_ptr(), *flags, *mode);
                    done(fd)?;
                    let file = File::from_raw_fd(fd);
                    if file.metadata().expect("fstat").is_dir() {
                        return Err(libc::EISDIR);
                    }
                    used(file, *flags, text)
                }
                Op::MakeDirectory(path, mode) => done(libc::mkdir(self.c(path).as_ptr(), *mode)),
                Op::RemoveDirectory(path) => done(libc::rmdir(self.c(path).as_ptr())),
                Op::Remove(path) => done(libc::unlink(self.c(path).as_ptr())),
                Op::Rename(from, to, no_replace) => {
                    let flags = if *no_replace {
                        libc::RENAME_NOREPLACE
                    } else {
                        0
                    };
                    let (from, to) = (self.c(from), self.c(to));
                    let (from, to) = (from.as_ptr(), to.as_ptr());
                    done(libc::syscall(libc::SYS_renameat2, here, from, here, to, flags) as i32)
                }
                Op::Link(from, to) => done(libc::link(self.c(from).as_ptr(), self.c(to).as_ptr())),
                Op::Symlink(target, path) => {
                    let target = CString::new(target.as_str()).expect("no NUL");
                    done(libc::symlink(target.as_ptr(), self.c(path).as_ptr()))
                }
                Op::Mode(path, mode) => done(libc::chmod(self.c(path).as_ptr(), *mode)),
                Op::Owner(path, follow) => {
                    let (path, user, group) = (self.c(path), libc::getuid(), libc::getgid());
                    let flags = nofollow(*follow);
                    done(libc::fchownat(here, path.as_ptr(), user, group, flags))
                }
                Op::Times(path, seconds, follow) => {
                    let time = |tv_sec, tv_nsec| libc::timespec { tv_sec, tv_nsec };
                    let times = [time(0, libc::UTIME_OMIT), time(*seconds, 5)];
                    let (path, flags) = (self.c(path), nofollow(*follow));
                    done(libc::utimensat(here, path.as_ptr(), times.as_ptr(), flags))
                }
                Op::Truncate(path, len) => {
                    done(libc::truncate(self.c(path).as_ptr(), *len as libc::off_t))
                }
                Op::Stat(path, follow) => {
                    let path = PathBuf::from(std::ffi::OsStr::from_bytes(self.c(path).as_bytes()));
                    let found = match follow {
                        true => std::fs::metadata(path),
                        false => std::fs::symlink_metadata(path),
                    };
                    let found = found.map_err(|error| error.raw_os_error().expect("a number"))?;
                    let kind = match found.file_type() {
                        t if t.is_dir() => Kind::Directory,
                        t if t.is_symlink() => Kind::Symlink,
                        _ => Kind::File,
                    };
                    let mtime = (found.mtime(), found.mtime_nsec() as u32);
                    Ok(told(kind, found.mode() & 0o7777, found.len(), mtime))
                }
                Op::List(path) => {
                    let path = PathBuf::from(std::ffi::OsStr::from_bytes(self.c(path).as_bytes()));
                    let entries = std::fs::read_dir(path)
                        .map_err(|error| error.raw_os_error().expect("a number"))?;
                    let mut names: Vec<String> = entries
                        .map(|entry| entry.expect("an entry").file_name())
                        .map(|name| name.into_string().expect("UTF-8"))
                        .collect();
                    names.sort();
                    Ok(names.join(" "))
                }
                Op::ReadLink(path) => {
                    let mut target = vec![0u8; 4096];
                    let path = self.c(path);
                    let len = libc::readlink(path.as_ptr(), target.as_mut_ptr().cast(), 4096);
                    done(len as i32)?;
                    target.truncate(len as usize);
                    Ok(String::from_utf8(target).expect("UTF-8"))
                }
            }
        }
    }
}

/// Makes the change that an operation stands for.
pub fn change(file_system: &dyn FileSystem, op: &Op) -> Result<String, Errno> {
    // SAFETY: calls that cannot fail.
    let (user, group) = unsafe { (libc::getuid(), libc::getgid()) };
    let change = match op {
        Op::MakeDirectory(path, mode) => Change::MakeDirectory(sub(path), *mode),
        Op::RemoveDirectory(path) => Change::RemoveDirectory(sub(path)),
        Op::Remove(path) => Change::Remove(sub(path)),
        Op::Rename(from, to, no_replace) => Change::Rename(sub(from), sub(to), *no_replace),
        Op::Link(from, to) => Change::Link(sub(from), sub(to)),
        Op::Symlink(target, path) => Change::Symlink(target.as_bytes(), sub(path)),
        Op::Mode(path, mode) => Change::Mode(sub(path), *mode),
        Op::Owner(path, follow) => Change::Owner(sub(path), user, group, *follow),
        Op::Times(path, seconds, follow) => Change::Times(sub(path), times(*seconds), *follow),
        Op::Truncate(path, len) => Change::Truncate(sub(path), *len),
        Op::Open(..) | Op::Stat(..) | Op::List(_) | Op::ReadLink(_) => panic!("{op:?}: no change"),
    };
    file_system.change(change).map(|()| String::new())
}

impl Union {
    fn answer(&self, op: &Op) -> Result<String, Errno> {
        let file_system = &self.0;
        let node = |node: Node| told(node.kind, node.mode, node.size, node.mtime);
        match op {
            Op::Open(path, flags, mode, text) => {
                let how = OpenHow {
                    flags: *flags,
                    mode: *mode,
                };
                let contents = match file_system.open(sub(path), how)? {
                    Opened::Real(fd) => {
                        return used(File::from(fd), *flags, text).map_err(Errno);
                    }
                    Opened::Shared(_, contents) | Opened::Parts(_, contents) => contents()?,
                    Opened::Contents(contents, _) => contents,
                    Opened::Memory(..) | Opened::Buffered(..) => {
                        panic!("{path}: nothing is buffered")
                    }
                };
                assert_eq!(flags & libc::O_ACCMODE, libc::O_RDONLY, "{path}");
                Ok(String::from_utf8(contents).expect("UTF-8"))
            }
            Op::Stat(path, follow) => file_system.stat(sub(path), *follow).map(node),
            Op::ReadLink(path) => {
                let target = file_system.read_link(sub(path))?;
                Ok(String::from_utf8(target).expect("UTF-8"))
            }
            Op::List(path) => {
                let names = file_system.list(sub(path))?;
                for (name, kind) in &names {
                    let below = sub(path).join(sub(std::str::from_utf8(name).expect("UTF-8")));
                    match file_system.stat(&below, false) {
                        Ok(node) => assert_eq!(node.kind, *kind, "{below:?}"),
                        // A directory that may be read, but not entered.
                        Err(errno) => assert_eq!(errno, Errno(libc::EACCES), "{below:?}"),
                    }
                }
                let names = names.into_iter().map(|(name, _)| String::from_utf8(name));
                let names: Vec<String> = names.map(|name| name.expect("UTF-8")).collect();
                Ok(names.join(" "))
            }
            op => change(file_system, op),
        }
    }
}

impl Files for Union {
    fn run(&self, op: &Op) -> Result<String, i32> {
        self.answer(op).map_err(number)
    }
}

/// Everything in it, a line for each name, with or without the times of directories. The root itself is left out.
pub fn snapshot(files: &dyn Files, times: bool) -> Vec<String> {
    let mut lines = Vec::new();
    let mut todo = vec![String::new()];
    while let Some(directory) = todo.pop() {
        let names = match files.run(&Op::List(directory.clone())) {
            Ok(names) => names,
            // The permissions of a directory count for ordinary users.
            Err(number) => {
                lines.push(format!("{directory}: not listed: {number}"));
                continue;
            }
        };
        for name in names.split_whitespace() {
            let path = match directory.as_str() {
                "" => name.to_owned(),
                directory => format!("{directory}/{name}"),
            };
            let mut stat = match files.run(&Op::Stat(path.clone(), false)) {
                Ok(stat) => stat,
                Err(number) => {
                    lines.push(format!("{path}: not seen: {number}"));
                    continue;
                }
            };
            let contents = match stat.split_whitespace().next() {
                Some("Directory") => {
                    if !times {
                        stat.truncate(stat.rfind(' ').expect("a time"));
                    }
                    todo.push(path.clone());
                    Ok(String::new())
                }
                Some("Symlink") => files.run(&Op::ReadLink(path.clone())),
                _ => files.run(&Op::Open(path.clone(), libc::O_RDONLY, 0, String::new())),
            };
            lines.push(format!("{path}: {stat} {contents:?}"));
        }
    }
    lines.sort();
    lines
}

/// Makes a real directory of what a union holds.
pub fn copy(from: &Union, to: &Real) {
    let mut directories = vec![String::new()];
    let mut at = 0;
    while at < directories.len() {
        let directory = directories[at].clone();
        at += 1;
        for (name, kind) in from.0.list(sub(&directory)).expect("a listing") {
            let name = String::from_utf8(name).expect("UTF-8");
            let path = sub(&directory).join(sub(&name));
            let path = String::from_utf8(path.as_bytes().to_vec()).expect("UTF-8");
            match kind {
                Kind::Directory => {
                    std::fs::create_dir(to.0.join(&path)).expect("a directory");
                    directories.push(path);
                    continue;
                }
                Kind::Symlink => {
                    let target = from.0.read_link(sub(&path)).expect("a link");
                    let target = String::from_utf8(target).expect("UTF-8");
                    to.run(&Op::Symlink(target, path.clone())).expect("a link");
                }
                Kind::File => {
                    let contents = contents(&from.0, sub(&path)).expect("contents");
                    std::fs::write(to.0.join(&path), contents).expect("a file");
                }
            }
            dress(from, to, &path);
        }
    }
    for directory in directories.iter().skip(1).rev() {
        dress(from, to, directory);
    }
}

fn dress(from: &Union, to: &Real, path: &str) {
    let node = from.0.stat(sub(path), false).expect("a node");
    if node.kind != Kind::Symlink {
        to.run(&Op::Mode(path.into(), node.mode)).expect("a mode");
    }
    let time = Op::Times(path.into(), node.mtime.0, false);
    to.run(&time).expect("a time");
}

/// The number of an error. A link that leads out leads nowhere as far as the file system itself is concerned.
pub fn number(errno: Errno) -> i32 {
    match errno {
        Errno::LEADS_OUT => libc::ENOENT,
        Errno(number) => number,
    }
}
