//! Open directories of a mount: descriptors of one empty directory, and what they stand for.
//!
//! They are real, so that code without hooks finds an empty directory and not an error.

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::sync::Arc;

use arc_swap::ArcSwapOption;

use crate::open::fd_table::{self, Description};
use crate::open::stat;
use invfs_engine::vfs::Kind;
use invfs_fs::mounts::Place;
use invfs_fs::sys::errno::{Answer, Errno};
use invfs_fs::sys::reserved_fd::ReservedFd;
use invfs_fs::sys::{fork, memfd, temporary};

/// The empty directory.
struct Empty {
    descriptor: ReservedFd,
    identity: (u64, u64),
}

/// The empty directory, once it was needed.
static EMPTY: ArcSwapOption<Empty> = ArcSwapOption::const_empty();

fn empty() -> Answer<Arc<Empty>> {
    match EMPTY.load_full() {
        Some(known) => Ok(known),
        None => renew(None),
    }
}

/// Makes the empty directory now: the child of a `vfork`, which may need it, cannot. If that fails, the first use fails,
/// too.
pub fn prepare() {
    let _ = empty();
}

/// Makes another directory the empty one, unless somebody did since it was `old`.
fn renew(old: Option<Arc<Empty>>) -> Answer<Arc<Empty>> {
    if !fork::owns_memory() {
        // The descriptor would be the child's, and its number in its parent's memory.
        return Err(Errno(libc::EAGAIN));
    }
    let new = Arc::new(Empty::new(temporary::empty_directory()?)?);
    let before = EMPTY.compare_and_swap(&old, Some(new.clone()));
    let address = |empty: &Option<Arc<Empty>>| empty.as_ref().map(Arc::as_ptr);
    if address(&before) != address(&old) {
        // Another thread was faster.
        return before.clone().ok_or(Errno(libc::EIO));
    }
    if let Some(old) = old {
        // The number that it had is another file's.
        old.descriptor.lose();
    }
    Ok(new)
}

impl Empty {
    fn new(descriptor: OwnedFd) -> Answer<Empty> {
        let found = memfd::metadata(descriptor.as_raw_fd())?;
        Ok(Empty {
            descriptor: ReservedFd::out_of_the_way(descriptor),
            identity: (found.st_dev, found.st_ino),
        })
    }

    fn is(&self, fd: RawFd) -> bool {
        memfd::metadata(fd).is_ok_and(|found| (found.st_dev, found.st_ino) == self.identity)
    }

    fn open(&self, flags: i32) -> Answer<OwnedFd> {
        // SAFETY: a plain integer, and a NUL-terminated path.
        let fd = unsafe { libc::openat(self.descriptor.as_raw_fd(), c".".as_ptr(), flags) };
        match fd {
            // SAFETY: a new descriptor that nobody else owns.
            fd if fd >= 0 => Ok(unsafe { OwnedFd::from_raw_fd(fd) }),
            _ => Err(Errno::last()),
        }
    }
}

/// A new descriptor of the empty directory.
fn descriptor(flags: i32) -> Answer<OwnedFd> {
    let keep = libc::O_CLOEXEC | libc::O_PATH;
    let flags = libc::O_RDONLY | libc::O_DIRECTORY | flags & keep;
    let empty = empty()?;
    match empty.open(flags) {
        Ok(opened) if empty.is(opened.as_raw_fd()) => Ok(opened),
        Err(errno) if !matches!(errno.0, libc::EBADF | libc::ENOTDIR) => Err(errno),
        // Closed where there is no hook, and perhaps the number used again.
        _ => renew(Some(empty))?.open(flags),
    }
}

/// Whether the descriptor is one of the empty directory.
fn is_empty(fd: RawFd) -> bool {
    empty().is_ok_and(|empty| empty.is(fd))
}

/// Whether the working directory is the empty directory.
pub fn is_parked() -> bool {
    use std::os::unix::fs::MetadataExt;
    match (std::fs::metadata("."), empty()) {
        (Ok(found), Ok(empty)) => (found.dev(), found.ino()) == empty.identity,
        _ => false,
    }
}

/// Makes the empty directory the working directory.
pub fn park() -> Answer<()> {
    let here = descriptor(libc::O_CLOEXEC)?;
    // SAFETY: a descriptor of ours.
    match unsafe { libc::fchdir(here.as_raw_fd()) } {
        0 => Ok(()),
        _ => Err(Errno::last()),
    }
}

/// Opens the directory at `place`, links followed; `ENOTDIR` where that is none.
pub fn open(place: &Place, flags: i32) -> Answer<RawFd> {
    if place.stat(true)?.kind != Kind::Directory {
        return Err(Errno(libc::ENOTDIR));
    }
    let opened = descriptor(flags)?;
    let fd = opened.as_raw_fd();
    fd_table::insert(fd, Description::Directory(place.clone()));
    std::mem::forget(opened);
    Ok(fd)
}

/// The directory that the descriptor stands for, if it is a virtual one.
pub fn of_descriptor(fd: RawFd) -> Option<Place> {
    let Some(Description::Directory(place)) = fd_table::get(fd) else {
        return None;
    };
    if is_empty(fd) {
        return Some(place);
    }
    // Closed where there is no hook, and the number used again.
    fd_table::remove(fd);
    None
}

/// Corrects what the system said of a descriptor, where that is a virtual directory.
pub fn correct(fd: RawFd, found: &mut libc::stat) -> Answer<()> {
    if found.st_mode & libc::S_IFMT != libc::S_IFDIR {
        return Ok(());
    }
    if let Some(place) = of_descriptor(fd) {
        *found = stat::of(&place, &place.stat(true)?);
    }
    Ok(())
}
