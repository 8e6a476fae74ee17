//! Descriptors that mounts need for themselves. Programs that close whatever is open, as daemons do, must not close them:
//! the number would be another file's soon.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicI32, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use crate::sys::errno::{Answer, Errno};
use crate::sys::fork::ForkMutex;

/// Descriptors with larger numbers are not guarded.
const GUARDED: usize = 65_536;

/// Where the numbers begin that programs which count from 3 do not come to.
const OUT_OF_THE_WAY: RawFd = 600;

static NUMBERS: [AtomicU64; GUARDED / 64] = [const { AtomicU64::new(0) }; GUARDED / 64];

/// How long a program that takes a number of ours waits for a thread that uses it. What is in the kernel has its file
/// already: this is for a thread that did not get to run since it asked for the number, or was killed before it ran.
const PATIENCE: Duration = Duration::from_secs(1);

/// A descriptor that nobody else may close.
pub struct ReservedFd(Arc<Holder>);

struct Holder {
    /// -1 once it was lost.
    number: AtomicI32,
    /// How many calls use it now.
    users: AtomicU32,
}

/// Who has which number, so that whoever else wants one finds the holder.
static HOLDERS: ForkMutex<BTreeMap<RawFd, Weak<Holder>>> = ForkMutex::new(BTreeMap::new());
survives_fork!(HOLDERS, Inner);
in_forked_child!(forget_users);

/// A reserved descriptor while a call of the kernel uses it: it keeps its number until this is dropped. Not to be held for
/// longer, and not while anybody else's code runs.
pub struct InUse<'a> {
    holder: &'a Holder,
    number: RawFd,
}

impl AsFd for InUse<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        // A program that closes a number that is not its own, where there is no hook, breaks this as it does for any
        // `OwnedFd`; else the `ReservedFd` closes it when it is dropped, and `give_way` waits until it is not in use.
        // SAFETY: not -1, and open for as long as `self`, which borrows the `ReservedFd` and counts as a use.
        unsafe { BorrowedFd::borrow_raw(self.number) }
    }
}

impl Drop for InUse<'_> {
    fn drop(&mut self) {
        self.holder.users.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Holder {
    fn new(number: RawFd) -> Holder {
        Holder {
            number: AtomicI32::new(number),
            users: AtomicU32::new(0),
        }
    }

    fn get(&self) -> Answer<InUse<'_>> {
        // First counted, then looked at, and `give_way` the other way round: one of both sees the other.
        self.users.fetch_add(1, Ordering::SeqCst);
        let number = self.number.load(Ordering::SeqCst);
        let in_use = InUse {
            holder: self,
            number,
        };
        match number >= 0 {
            true => Ok(in_use),
            false => Err(Errno(libc::EBADF)),
        }
    }

    /// Waits until nobody uses the number that it had before.
    fn wait(&self) {
        let start = Instant::now();
        while self.users.load(Ordering::SeqCst) > 0 && start.elapsed() < PATIENCE {
            std::thread::yield_now();
        }
    }
}

/// In a forked child: the threads that used descriptors are its parent's.
fn forget_users() {
    for holder in HOLDERS.lock().values().filter_map(Weak::upgrade) {
        holder.users.store(0, Ordering::SeqCst);
    }
}

impl ReservedFd {
    /// Guards the descriptor until this is dropped.
    pub fn new(file: OwnedFd) -> ReservedFd {
        let number = file.into_raw_fd();
        mark(number, true);
        let holder = Arc::new(Holder::new(number));
        HOLDERS.lock().insert(number, Arc::downgrade(&holder));
        ReservedFd(holder)
    }

    /// Guards another descriptor of what `file` has open; `None` if there is no room for one.
    pub fn copy_of(file: BorrowedFd) -> Option<ReservedFd> {
        duplicate(file).map(ReservedFd::new)
    }

    /// The same file under a number that programs which count from 3 do not come to, if there is one.
    pub fn out_of_the_way(file: OwnedFd) -> ReservedFd {
        match duplicate(file.as_fd()) {
            Some(moved) => ReservedFd::new(moved),
            None => ReservedFd::new(file),
        }
    }

    /// The same as [`out_of_the_way`](ReservedFd::out_of_the_way).
    pub fn moved_out_of_the_way(self) -> ReservedFd {
        match self.into_inner() {
            Some(file) => ReservedFd::out_of_the_way(file),
            None => ReservedFd(Arc::new(Holder::new(-1))),
        }
    }

    /// The descriptor for one call of the kernel; `EBADF` if it was lost.
    pub fn get(&self) -> Answer<InUse<'_>> {
        self.0.get()
    }

    /// Gives the descriptor away, unless it was lost.
    pub fn into_inner(mut self) -> Option<OwnedFd> {
        self.take()
    }

    fn take(&mut self) -> Option<OwnedFd> {
        match self.lose() {
            // SAFETY: open, and owned by nobody now; no call uses it, because `self` is borrowed mutably.
            number if number >= 0 => Some(unsafe { OwnedFd::from_raw_fd(number) }),
            _ => None,
        }
    }

    /// The number belongs to somebody else, or will in a moment: it is not closed with this.
    pub fn lose(&self) -> RawFd {
        let number = self.0.number.swap(-1, Ordering::SeqCst);
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
    let copy = holder.get().ok().and_then(|file| duplicate(file.as_fd()));
    let moved = copy.map_or(-1, IntoRawFd::into_raw_fd);
    mark(moved, true);
    holder.number.store(moved, Ordering::SeqCst);
    mark(number, false);
    if moved >= 0 {
        HOLDERS.lock().insert(moved, Arc::downgrade(&holder));
    }
    holder.wait();
}

fn duplicate(file: BorrowedFd) -> Option<OwnedFd> {
    [OUT_OF_THE_WAY, 3]
        .into_iter()
        .find_map(|from| rustix::io::fcntl_dupfd_cloexec(file, from).ok())
}

impl AsRawFd for ReservedFd {
    fn as_raw_fd(&self) -> RawFd {
        self.0.number.load(Ordering::SeqCst)
    }
}

impl Drop for ReservedFd {
    fn drop(&mut self) {
        drop(self.take());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_gets_a_number_that_is_in_use() {
        let reserved = ReservedFd::new(std::fs::File::open("/").unwrap().into());
        let number = reserved.as_raw_fd();
        let in_use = reserved.get().unwrap();
        std::thread::scope(|scope| {
            let taker = scope.spawn(|| make_way(number));
            while reserved.as_raw_fd() == number {
                std::thread::yield_now();
            }
            std::thread::sleep(PATIENCE / 10);
            assert!(!taker.is_finished());
            rustix::fs::fstat(&in_use).unwrap();
            drop(in_use);
            taker.join().unwrap();
        });
        rustix::fs::fstat(reserved.get().unwrap()).unwrap();
        // As if it were the program's: nobody else closes it.
        // SAFETY: the number that was given up above, still open.
        drop(unsafe { OwnedFd::from_raw_fd(number) });
    }

    #[test]
    fn a_lost_descriptor_is_an_error() {
        let reserved = ReservedFd::new(std::fs::File::open("/").unwrap().into());
        // SAFETY: `reserved` gives the number up.
        let file = unsafe { OwnedFd::from_raw_fd(reserved.lose()) };
        assert!(matches!(reserved.get(), Err(Errno(libc::EBADF))));
        drop(file);
    }
}
