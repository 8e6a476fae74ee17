//! Descriptors that mounts need for themselves. Programs that close whatever is open, as daemons do, must not close them:
//! the number would be another file's soon.

use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicU64, Ordering};

/// Descriptors with larger numbers are not guarded.
const GUARDED: usize = 65_536;

static NUMBERS: [AtomicU64; GUARDED / 64] = [const { AtomicU64::new(0) }; GUARDED / 64];

/// A descriptor that nobody else may close.
pub struct Own(OwnedFd);

impl Own {
    /// Guards the descriptor until this is dropped.
    pub fn new(file: OwnedFd) -> Own {
        mark(file.as_raw_fd(), true);
        Own(file)
    }

    /// The same file under a number that programs which count from 3 do not come to, if there is one.
    pub fn out_of_the_way(file: OwnedFd) -> Own {
        // SAFETY: a descriptor of ours and plain integers.
        let moved = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_DUPFD_CLOEXEC, 600) };
        if moved < 0 {
            return Own::new(file);
        }
        // SAFETY: a new descriptor that nobody else owns.
        Own::new(unsafe { std::os::fd::FromRawFd::from_raw_fd(moved) })
    }

    /// Gives the descriptor away.
    pub fn into_inner(self) -> OwnedFd {
        mark(self.as_raw_fd(), false);
        let own = std::mem::ManuallyDrop::new(self);
        // SAFETY: read once; `own` is never dropped.
        unsafe { std::ptr::read(&own.0) }
    }
}

impl AsRawFd for Own {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        mark(self.as_raw_fd(), false);
    }
}

fn word(fd: RawFd) -> Option<(&'static AtomicU64, u64)> {
    let fd = usize::try_from(fd).ok()?;
    Some((NUMBERS.get(fd / 64)?, 1 << (fd % 64)))
}

fn mark(fd: RawFd, ours: bool) {
    if let Some((word, bit)) = word(fd) {
        match ours {
            true => word.fetch_or(bit, Ordering::AcqRel),
            false => word.fetch_and(!bit, Ordering::AcqRel),
        };
    }
}

/// Whether the descriptor is one that mounts need for themselves.
pub fn is_ours(fd: RawFd) -> bool {
    word(fd).is_some_and(|(word, bit)| word.load(Ordering::Acquire) & bit != 0)
}
