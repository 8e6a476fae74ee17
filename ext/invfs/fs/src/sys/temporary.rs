//! Nameless files and directories, in the first place of the system where one can be made.

use std::ffi::{CString, OsString};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use crate::sys::errno::{Answer, Errno};

const CLOSED_ON_EXEC: i32 = libc::O_CLOEXEC;

/// How deep the empty directory lies in directories that are gone, too: `..` leads out of none of the first ones.
const DEPTH: usize = 8;

/// Directories that can often be written to.
fn places() -> Vec<PathBuf> {
    let known = ["/tmp", "/dev/shm", "/var/tmp", "/run"];
    std::iter::once(std::env::temp_dir())
        .chain(known.map(PathBuf::from))
        .collect()
}

/// Whether the process has no room for another descriptor, which it has no more elsewhere.
fn is_final(errno: Errno) -> bool {
    matches!(errno.0, libc::EMFILE | libc::ENFILE | libc::ENOMEM)
}

/// The first place where something can be made.
fn first<T>(make: impl Fn(PathBuf) -> Answer<T>) -> Answer<T> {
    let mut answer = Err(Errno(libc::EROFS));
    for place in places() {
        answer = make(place);
        match &answer {
            Err(errno) if !is_final(*errno) => {}
            _ => return answer,
        }
    }
    answer
}

fn owned(fd: RawFd) -> Answer<OwnedFd> {
    match fd {
        // SAFETY: a new descriptor that nobody else owns.
        fd if fd >= 0 => Ok(unsafe { OwnedFd::from_raw_fd(fd) }),
        _ => Err(Errno::last()),
    }
}

fn c_path(path: PathBuf) -> Answer<CString> {
    CString::new(path.into_os_string().into_vec()).map_err(|_| Errno(libc::ENOENT))
}

/// A path ending in `invfs-XXXXXX`, for the functions that replace the X.
fn template(place: PathBuf) -> Answer<Vec<u8>> {
    Ok(c_path(place.join("invfs-XXXXXX"))?.into_bytes_with_nul())
}

/// A new directory that only this process's user can enter.
pub fn private_directory() -> Answer<PathBuf> {
    first(|place| {
        let mut path = template(place)?;
        // SAFETY: a NUL-terminated template that ends in six X, in memory that may be written.
        if unsafe { libc::mkdtemp(path.as_mut_ptr().cast()) }.is_null() {
            return Err(Errno::last());
        }
        path.pop();
        Ok(PathBuf::from(OsString::from_vec(path)))
    })
}

/// A file that can be read, written and executed, and has no name.
pub fn file() -> Answer<OwnedFd> {
    first(|place| {
        let flags = libc::O_TMPFILE | libc::O_RDWR | libc::O_EXCL | CLOSED_ON_EXEC;
        let directory = c_path(place.clone())?;
        // SAFETY: a NUL-terminated path.
        match owned(unsafe { libc::open(directory.as_ptr(), flags, 0o700) }) {
            Err(errno) if !is_final(errno) => {}
            answer => return answer,
        }
        // Not every file system can do without a name from the start.
        let mut path = template(place)?;
        // SAFETY: a NUL-terminated template that ends in six X, in memory that may be written.
        let file = owned(unsafe { libc::mkostemp(path.as_mut_ptr().cast(), CLOSED_ON_EXEC) })?;
        // SAFETY: the NUL-terminated path that was just made.
        unsafe { libc::unlink(path.as_ptr().cast()) };
        // SAFETY: a descriptor of ours.
        unsafe { libc::fchmod(file.as_raw_fd(), 0o700) };
        Ok(file)
    })
}

/// An empty directory that nobody can put anything into, and every user of the process can be in.
pub fn empty_directory() -> Answer<OwnedFd> {
    match removed_directory() {
        Err(errno) if !is_final(errno) => {}
        answer => return answer,
    }
    // Nothing can be written anywhere: an empty directory that systems have for just this, or have at all.
    let usual = [
        "/var/empty",
        "/run/sshd",
        "/mnt",
        "/srv",
        "/media",
        "/opt",
        "/home",
        "/boot",
        "/tmp",
        "/sys",
        "/proc",
    ];
    for path in usual {
        if std::fs::read_dir(path).is_ok_and(|mut names| names.next().is_none()) {
            let path = c_path(path.into())?;
            // SAFETY: a NUL-terminated path.
            return owned(unsafe { libc::open(path.as_ptr(), DIRECTORY) });
        }
    }
    Err(Errno(libc::EROFS))
}

const DIRECTORY: i32 = libc::O_RDONLY | libc::O_DIRECTORY | CLOSED_ON_EXEC;

fn removed_directory() -> Answer<OwnedFd> {
    let mut path = private_directory()?;
    let top = path.clone();
    for _ in 0..DEPTH {
        path.push("d");
    }
    let made = std::fs::create_dir_all(&path).map_err(Errno::from);
    let opened = made.and_then(|()| {
        let path = c_path(path.clone())?;
        // SAFETY: a NUL-terminated path.
        let opened = owned(unsafe { libc::open(path.as_ptr(), DIRECTORY) })?;
        // Else a process that gives its rights away could not open it any more.
        // SAFETY: a NUL-terminated path.
        unsafe { libc::chmod(path.as_ptr(), 0o555) };
        Ok(opened)
    });
    // What cannot be removed stays behind, empty.
    while path.starts_with(&top) && std::fs::remove_dir(&path).is_ok() && path.pop() {}
    opened
}
