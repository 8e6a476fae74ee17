//! Files that all processes of a user find under the same name, so that a lock of the one excludes the others.
//!
//! Who has a file open has a lock at its far end, besides, which goes with the last descriptor: so the next process sees which
//! files nobody uses, and removes them.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use rustix::fs::{Mode, OFlags};

use crate::sys::errno::{Answer, Errno};
use crate::sys::{at, memfd, read_dir};

/// What is larger is not kept in memory a second time.
const LARGEST: u64 = 64 << 20;

const READ: OFlags = OFlags::RDONLY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// Opens the file `name` for reading, and makes it with these contents if it is not there. Its offset is 0.
///
/// `ENOLCK` where there is no place for it, another file has its name, or the contents are too large.
pub fn open(name: &str, contents: &[u8]) -> Answer<OwnedFd> {
    if contents.len() as u64 > LARGEST || !memfd::is_allowed(contents.len() as u64) {
        return Err(Errno(libc::ENOLCK));
    }
    let opened = directory().and_then(|directory| {
        at::lock(&directory)?;
        let file = remove_unused(&directory).and_then(|()| get(&directory, name, contents));
        // A forked child may have the directory open, too.
        at::unlock(&directory)?;
        file
    });
    match opened {
        Ok(file) if memfd::read_all(&file)? == contents => Ok(file),
        Err(errno) if errno.is_no_room() || errno == Errno(libc::EINTR) => Err(errno),
        _ => Err(Errno(libc::ENOLCK)),
    }
}

/// The file `name`, which is used from now on.
fn get(directory: &OwnedFd, name: &str, contents: &[u8]) -> Answer<OwnedFd> {
    let file = match rustix::fs::openat(directory, name, READ, Mode::empty()) {
        Err(rustix::io::Errno::NOENT) => {
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
            let new = rustix::fs::openat(directory, name, flags, Mode::RUSR)?;
            memfd::write_all_at_start(new.as_fd(), contents)?;
            rustix::fs::openat(directory, name, READ, Mode::empty())?
        }
        file => file?,
    };
    use_lock(&file, libc::F_OFD_SETLK, libc::F_RDLCK)?;
    Ok(file)
}

/// Removes the files that no process has open, among them what a process left that was killed while it wrote.
fn remove_unused(directory: &OwnedFd) -> Answer<()> {
    for name in read_dir::names(directory.as_fd())? {
        let Ok(file) = rustix::fs::openat(directory, &*name, READ, Mode::empty()) else {
            continue;
        };
        if use_lock(&file, libc::F_OFD_GETLK, libc::F_WRLCK)? == libc::F_UNLCK {
            at::remove(directory, &name, None)?;
        }
    }
    Ok(())
}

/// Asks for a lock of the last byte that a file could have, or about it: the answer is the kind of lock there is.
fn use_lock(file: &OwnedFd, command: i32, kind: i32) -> Answer<i32> {
    let mut lock = libc::flock {
        l_type: kind as _,
        l_whence: libc::SEEK_SET as _,
        l_start: i64::MAX - 1,
        l_len: 1,
        l_pid: 0,
    };
    // SAFETY: both commands take a `flock`, which outlives the call.
    match unsafe { libc::fcntl(file.as_raw_fd(), command, &mut lock) } {
        0 => Ok(i32::from(lock.l_type)),
        _ => Err(Errno::last()),
    }
}

/// The first of the usual places in which this user has a directory, or can make one.
fn directory() -> Answer<OwnedFd> {
    let user = rustix::process::geteuid();
    let mut answer = Err(Errno(libc::ENOLCK));
    for place in ["/dev/shm", "/run", "/tmp"] {
        answer = private(
            &format!("{place}/invfs-locks-{}", user.as_raw()),
            user.as_raw(),
        );
        if answer.is_ok() {
            break;
        }
    }
    answer
}

/// The directory at `path`, which belongs to `user`, and which nobody else can change.
fn private(path: &str, user: u32) -> Answer<OwnedFd> {
    match rustix::fs::mkdir(path, Mode::RWXU) {
        Ok(()) | Err(rustix::io::Errno::EXIST) => {}
        Err(errno) => return Err(errno.into()),
    }
    let directory = rustix::fs::open(path, READ | OFlags::DIRECTORY, Mode::empty())?;
    let found = at::look_at(&directory)?;
    match found.owner.0 == user && found.mode & 0o077 == 0 {
        true => Ok(directory),
        false => Err(Errno(libc::EACCES)),
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::{AsRawFd, OwnedFd};

    use super::open;
    use crate::sys::at;

    fn path(file: &OwnedFd) -> std::path::PathBuf {
        let path = std::fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd()));
        path.expect("its path")
    }

    #[test]
    fn a_lock_excludes_others_and_what_nobody_uses_goes() {
        let name = format!("test-{}", std::process::id());
        let first = open(&name, b"contents").expect("a file");
        let second = open(&name, b"contents").expect("the same file");
        assert_eq!(path(&first), path(&second));
        assert_eq!(at::try_lock(&first), Ok(true));
        assert_eq!(at::try_lock(&second), Ok(false));
        assert_eq!(open(&name, b"others").unwrap_err().0, libc::ENOLCK);
        drop(first);
        let copy = second.try_clone().expect("a duplicate");
        drop(second);
        let other = open(&format!("{name}-other"), b"").expect("another file");
        assert!(path(&copy).exists(), "it is in use");
        let known = path(&copy);
        drop(copy);
        drop(open(&format!("{name}-other"), b"").expect("the other file"));
        assert!(!known.exists());
        std::fs::remove_file(path(&other)).expect("removed");
    }
}
