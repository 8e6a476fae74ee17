//! The upper directory and our own directories in it, opened for one operation, and the lock for changes.

use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use super::sys;
use crate::interpose::errno::{Answer, Errno};

/// The name at the top of the upper directory that is ours.
pub(super) const PRIVATE: &[u8] = b".invfs-upper";

const WORK: &[u8] = b"work";
const GONE: &[u8] = b"gone";
const LOCK: &[u8] = b"lock";

/// The upper directory, opened.
pub(super) struct Upper {
    pub root: OwnedFd,
    private: OwnedFd,
    /// The topmost node of the marks.
    pub gone: OwnedFd,
}

impl Upper {
    pub fn open(path: &CStr) -> Answer<Upper> {
        // SAFETY: no call is made on this number other than `openat`, for which it means the current directory.
        let anywhere = unsafe { BorrowedFd::borrow_raw(libc::AT_FDCWD) };
        let root = sys::open(anywhere, path.to_bytes(), sys::DIRECTORY, 0)?;
        let private = directory(root.as_fd(), PRIVATE)?;
        let gone = directory(private.as_fd(), GONE)?;
        Ok(Upper {
            root,
            private,
            gone,
        })
    }

    pub fn work(&self) -> Answer<OwnedFd> {
        directory(self.private.as_fd(), WORK)
    }

    pub fn lock(&self) -> Answer<Lock> {
        let flags = libc::O_RDWR | libc::O_CREAT | libc::O_NONBLOCK;
        let file = sys::open(self.private.as_fd(), LOCK, flags, 0o666)?;
        sys::lock(file.as_fd(), libc::LOCK_EX)?;
        Ok(Lock(file))
    }
}

/// Opens a directory, and makes it where there is none.
pub(super) fn directory(dir: BorrowedFd, name: &[u8]) -> Answer<OwnedFd> {
    match sys::open(dir, name, sys::DIRECTORY, 0) {
        Err(Errno(libc::ENOENT)) => {}
        result => return result,
    }
    match sys::make_directory(dir, name, 0o777) {
        Ok(()) | Err(Errno(libc::EEXIST)) => sys::open(dir, name, sys::DIRECTORY, 0),
        Err(errno) => Err(errno),
    }
}

/// Nobody else changes anything while this is there.
pub(super) struct Lock(OwnedFd);

impl Drop for Lock {
    fn drop(&mut self) {
        // A child that was forked meanwhile has the descriptor, too, so closing it would not be enough. A failure
        // leaves it to that.
        let _ = sys::lock(self.0.as_fd(), libc::LOCK_UN);
    }
}
