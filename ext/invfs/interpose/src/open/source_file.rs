//! One file in memory for what Ruby reads and closes before it does anything else: making a new one for each source file
//! takes three times as long.

use std::os::fd::{IntoRawFd, RawFd};
use std::sync::atomic::{AtomicI32, Ordering};

use rustix::fs::{ftruncate, seek, SeekFrom};
use rustix::io::{fcntl_dupfd_cloexec, pwrite};

use invfs_fs::sys::fork::ForkMutex;
use invfs_fs::sys::reserved_fd::ReservedFd;
use invfs_fs::sys::{at, memfd};

/// What is larger gets a file of its own, so that this one does not hold so much memory for ever.
const LARGEST: usize = 1 << 20;

struct Scratch {
    file: ReservedFd,
    /// By which can be seen whether the descriptor is still that file's.
    inode: u64,
    len: u64,
}

static SCRATCH: ForkMutex<Option<Scratch>> = ForkMutex::new(None);
invfs_fs::survives_fork!(SCRATCH, Outer);
invfs_fs::in_forked_child!(disown);
/// The descriptor that was handed out and is not closed yet; -1 for none.
static LENT: AtomicI32 = AtomicI32::new(-1);

/// A descriptor of the file, which holds `contents` until it is closed; `None` while somebody else has one.
pub fn open(contents: &[u8]) -> Option<RawFd> {
    if contents.len() > LARGEST || !memfd::is_allowed(contents.len() as u64) {
        return None;
    }
    let mut scratch = SCRATCH.lock();
    if LENT.load(Ordering::Acquire) >= 0 {
        return None;
    }
    if scratch.as_ref().is_some_and(|known| !known.is_intact()) {
        if let Some(known) = scratch.take() {
            // Closed where there is no hook, and the number may be another file's now.
            known.file.lose();
        }
    }
    if scratch.is_none() {
        *scratch = Some(Scratch::new()?);
    }
    let known = scratch.as_mut()?;
    let lent = known.fill(contents)?;
    LENT.store(lent, Ordering::Release);
    Some(lent)
}

impl Scratch {
    fn new() -> Option<Scratch> {
        let file = memfd::file(b"", b"invfs-source", false).ok()?;
        let inode = at::look_at(&file).ok()?.ino;
        let file = ReservedFd::out_of_the_way(file);
        let len = 0;
        Some(Scratch { file, inode, len })
    }

    fn is_intact(&self) -> bool {
        let found = self.file.get().and_then(at::look_at);
        found.is_ok_and(|found| (found.ino, found.size) == (self.inode, self.len))
    }

    fn fill(&mut self, contents: &[u8]) -> Option<RawFd> {
        let file = self.file.get().ok()?;
        let len = contents.len() as u64;
        let written = pwrite(&file, contents, 0) == Ok(contents.len());
        let cut = self.len <= len || ftruncate(&file, len).is_ok();
        if !written || !cut {
            // It may be anything now.
            self.len = u64::MAX;
            return None;
        }
        self.len = len;
        let copy = fcntl_dupfd_cloexec(file, 3).ok()?;
        seek(&copy, SeekFrom::Start(0)).ok()?;
        Some(copy.into_raw_fd())
    }
}

/// The descriptor was closed.
pub fn closed(fd: RawFd) {
    if fd >= 0 && LENT.load(Ordering::Relaxed) == fd {
        LENT.store(-1, Ordering::Release);
    }
}

/// In a forked child: the file is its parent's, too, which goes on writing to it.
fn disown() {
    let parents = SCRATCH.lock().take();
    LENT.store(-1, Ordering::Release);
    drop(parents);
}
