//! The upper directory and our own directories in it, opened, and the lock for changes.

use std::ffi::CStr;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};

use crate::sys::at;
use crate::sys::errno::{Answer, Errno};
use crate::sys::fork::ForkMutex;
use crate::sys::reserved_fd::{InUse, ReservedFd};

/// The name at the top of the upper directory that is ours.
pub(super) const RESERVED_NAME: &[u8] = b".invfs-upper";

const WORK: &[u8] = b"work";
const WHITEOUTS: &[u8] = b"gone";
const LOCK: &[u8] = b"lock";

/// The upper directory, opened.
pub(super) struct Upper {
    root: ReservedFd,
    private: ReservedFd,
    whiteouts: ReservedFd,
}

impl Upper {
    pub fn open(path: &CStr) -> Answer<Upper> {
        let root = at::open(rustix::fs::CWD, path.to_bytes(), at::DIRECTORY, 0)?;
        let private = directory(&root, RESERVED_NAME)?;
        let whiteouts = directory(&private, WHITEOUTS)?;
        Ok(Upper {
            root: ReservedFd::new(root),
            private: ReservedFd::new(private),
            whiteouts: ReservedFd::new(whiteouts),
        })
    }

    /// The same to be held for long.
    pub fn out_of_the_way(self) -> Upper {
        let moved = ReservedFd::moved_out_of_the_way;
        Upper {
            root: moved(self.root),
            private: moved(self.private),
            whiteouts: moved(self.whiteouts),
        }
    }

    pub fn root(&self) -> Answer<InUse<'_>> {
        self.root.get()
    }

    /// The topmost node of the marks.
    pub fn whiteouts(&self) -> Answer<InUse<'_>> {
        self.whiteouts.get()
    }

    pub fn work(&self) -> Answer<OwnedFd> {
        directory(self.private.get()?, WORK)
    }

    /// Waits until nobody else changes anything. `EINTR` if a signal comes while somebody else has the lock.
    pub fn lock(&self) -> Answer<Lock> {
        let lock = {
            // A fork waits meanwhile: its child has no lock that it does not know of.
            let mut held = HELD.lock();
            let file = self.lock_file(libc::O_RDWR | libc::O_CREAT | libc::O_NONBLOCK)?;
            held.push(file.as_raw_fd());
            Lock(file)
        };
        at::lock(lock.0.as_fd())?;
        Ok(lock)
    }

    /// The file that is locked, opened anew.
    pub fn lock_file(&self, flags: i32) -> Answer<OwnedFd> {
        at::open(self.private.get()?, LOCK, flags, 0o666)
    }

    /// Which directories these are; `None` if one was removed, or a descriptor is not open.
    pub fn identity(&self) -> Option<[(u64, u64); 3]> {
        let mut identity = [(0, 0); 3];
        for (file, found) in [&self.root, &self.private, &self.whiteouts]
            .into_iter()
            .zip(&mut identity)
        {
            let meta = at::look_at(file.get().ok()?)
                .ok()
                .filter(|meta| !meta.is_gone)?;
            *found = (meta.dev, meta.ino);
        }
        Some(identity)
    }
}

/// Opens a directory, and makes it where there is none.
pub(super) fn directory(dir: impl AsFd, name: &[u8]) -> Answer<OwnedFd> {
    match at::open(&dir, name, at::DIRECTORY, 0) {
        Err(Errno(libc::ENOENT)) => {}
        result => return result,
    }
    match at::make_directory(&dir, name, 0o777) {
        Ok(()) | Err(Errno(libc::EEXIST)) => at::open(dir, name, at::DIRECTORY, 0),
        Err(errno) => Err(errno),
    }
}

/// The descriptors by which this process holds a lock, or waits for one.
static HELD: ForkMutex<Vec<RawFd>> = ForkMutex::new(Vec::new());
survives_fork!(HELD, Outer);
in_forked_child!(give_back);

/// In a forked child: the locks are those of its parent's threads, and end with them, not with the child.
fn give_back() {
    for fd in std::mem::take(&mut *HELD.lock()) {
        // SAFETY: the child's copy of a descriptor that a `Lock` of another thread had. That thread is not in the child.
        drop(unsafe { OwnedFd::from_raw_fd(fd) });
    }
}

/// Nobody else changes anything while this is there.
pub(super) struct Lock(OwnedFd);

impl Drop for Lock {
    fn drop(&mut self) {
        // A child that was forked meanwhile may have the descriptor still, so closing it would not be enough. A failure
        // leaves it to that.
        let _ = at::unlock(self.0.as_fd());
        let fd = self.0.as_raw_fd();
        HELD.lock().retain(|held| *held != fd);
    }
}
