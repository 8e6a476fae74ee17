//! One file in memory for what Ruby reads and closes before it does anything else: making a new one for each source file
//! takes three times as long.

use std::os::fd::{AsRawFd, RawFd};
use std::sync::atomic::{AtomicI32, Ordering};

use invfs_fs::sys::fork::ForkMutex;
use invfs_fs::sys::memfd;
use invfs_fs::sys::reserved_fd::ReservedFd;

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
    if contents.len() > LARGEST {
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
        let file = ReservedFd::out_of_the_way(memfd::file(b"", b"invfs-source", false).ok()?);
        let inode = memfd::metadata(file.as_raw_fd()).ok()?.st_ino;
        let len = 0;
        Some(Scratch { file, inode, len })
    }

    fn is_intact(&self) -> bool {
        let found = memfd::metadata(self.file.as_raw_fd());
        found.is_ok_and(|found| (found.st_ino, found.st_size as u64) == (self.inode, self.len))
    }

    fn fill(&mut self, contents: &[u8]) -> Option<RawFd> {
        let fd = self.file.as_raw_fd();
        let len = contents.len() as u64;
        // SAFETY: a descriptor of ours, plain integers, and a slice of readable bytes; the results are checked.
        unsafe {
            let written = libc::pwrite64(fd, contents.as_ptr().cast(), contents.len(), 0);
            let cut = self.len <= len || libc::ftruncate64(fd, len as i64) == 0;
            if written != contents.len() as isize || !cut {
                // It may be anything now.
                self.len = u64::MAX;
                return None;
            }
            self.len = len;
            let copy = libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 3);
            if copy >= 0 && libc::lseek64(copy, 0, libc::SEEK_SET) != 0 {
                libc::close(copy);
                return None;
            }
            (copy >= 0).then_some(copy)
        }
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
