//! Open directories of a mount: descriptors of one empty directory, and what they stand for.
//!
//! They are real, so that whoever has no hook finds an empty directory and not an error.

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::sync::OnceLock;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::errno::{Answer, Errno};
use super::filter::Filter;
use super::memory;
use super::own::Own;
use super::state::STATE;
use super::status;
use super::table::Place;
use crate::vfs::Kind;

/// The empty directory.
struct Empty {
    descriptor: Own,
    identity: (u64, u64),
}

static EMPTY: OnceLock<Answer<Empty>> = OnceLock::new();
static DESCRIPTORS: Filter = Filter::new();

fn empty() -> Answer<&'static Empty> {
    EMPTY.get_or_init(create_empty).as_ref().map_err(|e| *e)
}

/// A directory that nobody can find any more, in the first place where one can be made.
fn create_empty() -> Answer<Empty> {
    let named = std::env::temp_dir();
    let places = [
        named.as_path(),
        "/tmp".as_ref(),
        "/dev/shm".as_ref(),
        "/var/tmp".as_ref(),
        "/run".as_ref(),
    ];
    for place in places {
        let mut path = place
            .join("invfs-XXXXXX")
            .into_os_string()
            .into_encoded_bytes();
        path.push(0);
        // SAFETY: a NUL-terminated template that ends in six X, in memory that may be written.
        if unsafe { libc::mkdtemp(path.as_mut_ptr().cast()) }.is_null() {
            continue;
        }
        let flags = libc::O_RDONLY | libc::O_DIRECTORY | libc::O_CLOEXEC;
        // SAFETY: the NUL-terminated path that was just made.
        let fd = unsafe { libc::open(path.as_ptr().cast(), flags) };
        // SAFETY: as above.
        unsafe { libc::rmdir(path.as_ptr().cast()) };
        if fd >= 0 {
            // SAFETY: a new descriptor that nobody else owns.
            return Empty::new(unsafe { OwnedFd::from_raw_fd(fd) });
        }
    }
    // Nothing can be written anywhere: an empty directory that systems have for just this.
    for path in [c"/var/empty", c"/run/sshd", c"/mnt", c"/srv"] {
        let flags = libc::O_RDONLY | libc::O_DIRECTORY | libc::O_CLOEXEC;
        // SAFETY: a NUL-terminated path.
        let fd = unsafe { libc::open(path.as_ptr(), flags) };
        if fd < 0 {
            continue;
        }
        // SAFETY: a new descriptor that nobody else owns.
        let descriptor = unsafe { OwnedFd::from_raw_fd(fd) };
        if std::fs::read_dir(format!("/proc/self/fd/{fd}")).is_ok_and(|mut d| d.next().is_none()) {
            return Empty::new(descriptor);
        }
    }
    Err(Errno(libc::EROFS))
}

impl Empty {
    fn new(descriptor: OwnedFd) -> Answer<Empty> {
        let found = memory::metadata(descriptor.as_raw_fd())?;
        Ok(Empty {
            descriptor: Own::out_of_the_way(descriptor),
            identity: (found.st_dev, found.st_ino),
        })
    }
}

/// A new descriptor of the empty directory.
fn descriptor(flags: i32) -> Answer<OwnedFd> {
    let keep = libc::O_CLOEXEC | libc::O_PATH;
    let flags = libc::O_RDONLY | libc::O_DIRECTORY | flags & keep;
    // SAFETY: a descriptor of ours and a NUL-terminated path.
    let fd = unsafe { libc::openat(empty()?.descriptor.as_raw_fd(), c".".as_ptr(), flags) };
    match fd {
        // SAFETY: a new descriptor that nobody else owns.
        fd if fd >= 0 => Ok(unsafe { OwnedFd::from_raw_fd(fd) }),
        _ => Err(Errno::last()),
    }
}

/// Whether the descriptor is one of the empty directory.
fn is_empty(fd: RawFd) -> bool {
    match (memory::metadata(fd), empty()) {
        (Ok(found), Ok(empty)) => (found.st_dev, found.st_ino) == empty.identity,
        _ => false,
    }
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
    // SAFETY: a descriptor of ours.
    match unsafe { libc::fchdir(empty()?.descriptor.as_raw_fd()) } {
        0 => Ok(()),
        _ => Err(Errno::last()),
    }
}

/// Which directories the descriptors stand for.
#[derive(Default)]
pub struct Descriptors(HashMap<RawFd, Place, RandomState>);

impl Descriptors {
    fn insert(&mut self, fd: RawFd, place: Place) {
        if self.0.insert(fd, place).is_none() {
            DESCRIPTORS.add(fd as usize);
        }
    }

    fn remove(&mut self, fd: RawFd) -> Option<Place> {
        let place = self.0.remove(&fd)?;
        DESCRIPTORS.remove(fd as usize);
        Some(place)
    }
}

/// Opens the directory at `place`, links followed; `ENOTDIR` where that is none.
pub fn open(place: &Place, flags: i32) -> Answer<RawFd> {
    if place.stat(true)?.kind != Kind::Directory {
        return Err(Errno(libc::ENOTDIR));
    }
    let opened = descriptor(flags)?;
    let fd = opened.as_raw_fd();
    STATE.lock().descriptors.insert(fd, place.clone());
    std::mem::forget(opened);
    Ok(fd)
}

/// Whether the descriptor may be one of a virtual directory.
pub fn may_be_virtual(fd: RawFd) -> bool {
    fd >= 0 && DESCRIPTORS.may_hold(fd as usize)
}

/// The directory that the descriptor stands for, if it is a virtual one.
pub fn of_descriptor(fd: RawFd) -> Option<Place> {
    if !may_be_virtual(fd) {
        return None;
    }
    let place = STATE.lock().descriptors.0.get(&fd).cloned()?;
    if is_empty(fd) {
        return Some(place);
    }
    // Closed where there is no hook, and the number used again.
    STATE.lock().descriptors.remove(fd);
    None
}

/// The descriptor is about to be closed.
pub fn closing(fd: RawFd) {
    if may_be_virtual(fd) {
        STATE.lock().descriptors.remove(fd);
    }
}

/// `copy` is a duplicate of `fd` now.
pub fn duplicated(fd: RawFd, copy: RawFd) {
    if let Some(place) = of_descriptor(fd) {
        STATE.lock().descriptors.insert(copy, place);
    }
}

/// Corrects what the system said of a descriptor, where that is a virtual directory.
pub fn correct(fd: RawFd, found: &mut libc::stat) -> Answer<()> {
    if found.st_mode & libc::S_IFMT != libc::S_IFDIR {
        return Ok(());
    }
    if let Some(place) = of_descriptor(fd) {
        *found = status::of(&place, &place.stat(true)?);
    }
    Ok(())
}
