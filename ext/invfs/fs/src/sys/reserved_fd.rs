//! Descriptors that mounts need for themselves. Programs that close whatever is open, as daemons do, must not close them:
//! the number would be another file's soon.

use std::collections::BTreeMap;
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use crate::sys::fork::ForkMutex;

/// Descriptors with larger numbers are not guarded.
const GUARDED: usize = 65_536;

/// Where the numbers begin that programs which count from 3 do not come to.
const OUT_OF_THE_WAY: RawFd = 600;

static NUMBERS: [AtomicU64; GUARDED / 64] = [const { AtomicU64::new(0) }; GUARDED / 64];

/// A descriptor that nobody else may close; -1 once it was lost.
pub struct ReservedFd(Arc<AtomicI32>);

/// Who has which number, so that whoever else wants one finds the holder.
static HOLDERS: ForkMutex<BTreeMap<RawFd, Weak<AtomicI32>>> = ForkMutex::new(BTreeMap::new());
survives_fork!(HOLDERS, Inner);

impl ReservedFd {
    /// Guards the descriptor until this is dropped.
    pub fn new(file: OwnedFd) -> ReservedFd {
        let number = file.into_raw_fd();
        mark(number, true);
        let holder = Arc::new(AtomicI32::new(number));
        HOLDERS.lock().insert(number, Arc::downgrade(&holder));
        ReservedFd(holder)
    }

    /// The same file under a number that programs which count from 3 do not come to, if there is one.
    pub fn out_of_the_way(file: OwnedFd) -> ReservedFd {
        match duplicate(file.as_raw_fd()) {
            Some(moved) => ReservedFd::new(moved),
            None => ReservedFd::new(file),
        }
    }

    /// The same as [`out_of_the_way`](ReservedFd::out_of_the_way).
    pub fn moved_out_of_the_way(self) -> ReservedFd {
        match self.into_inner() {
            Some(file) => ReservedFd::out_of_the_way(file),
            None => ReservedFd(Arc::new(AtomicI32::new(-1))),
        }
    }

    /// Gives the descriptor away, unless it was lost.
    pub fn into_inner(self) -> Option<OwnedFd> {
        match self.lose() {
            // SAFETY: a descriptor that is open, and that nobody owns now.
            number if number >= 0 => Some(unsafe { OwnedFd::from_raw_fd(number) }),
            _ => None,
        }
    }

    /// The number belongs to somebody else, or will in a moment: it is not closed with this.
    pub fn lose(&self) -> RawFd {
        let number = self.0.swap(-1, Ordering::AcqRel);
        mark(number, false);
        HOLDERS.lock().remove(&number);
        number
    }
}

/// Whoever holds the number goes on under another.
fn give_way(number: RawFd) {
    let holder = HOLDERS.lock().remove(&number);
    let Some(holder) = holder.and_then(|holder| holder.upgrade()) else {
        return;
    };
    let moved = duplicate(number).map_or(-1, IntoRawFd::into_raw_fd);
    mark(moved, true);
    mark(holder.swap(moved, Ordering::AcqRel), false);
    if moved >= 0 {
        HOLDERS.lock().insert(moved, Arc::downgrade(&holder));
    }
}

fn duplicate(fd: RawFd) -> Option<OwnedFd> {
    [OUT_OF_THE_WAY, 3].into_iter().find_map(|from| {
        // SAFETY: plain integers.
        let copy = unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, from) };
        // SAFETY: a new descriptor that nobody else owns.
        (copy >= 0).then(|| unsafe { OwnedFd::from_raw_fd(copy) })
    })
}

impl AsRawFd for ReservedFd {
    fn as_raw_fd(&self) -> RawFd {
        self.0.load(Ordering::Acquire)
    }
}

impl Drop for ReservedFd {
    fn drop(&mut self) {
        let number = self.lose();
        if number >= 0 {
            // SAFETY: a descriptor of ours that is open.
            unsafe { libc::close(number) };
        }
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

/// The number is not ours any more.
pub fn forget(fd: RawFd) {
    mark(fd, false);
    HOLDERS.lock().remove(&fd);
}

/// The descriptor is about to become another file, although it is ours.
pub fn make_way(fd: RawFd) {
    give_way(fd);
    forget(fd);
}

/// The first descriptor of ours from `from` on that is not above `last`.
pub fn first_from(from: u32, last: u32) -> Option<u32> {
    let last = last.min(GUARDED as u32 - 1);
    (from..=last).find(|fd| is_ours(*fd as RawFd))
}
