//! Opening a file of a mount, and what `fstat` says of it afterwards.

use std::collections::VecDeque;
use std::os::fd::{AsRawFd, IntoRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::errno::{Answer, Errno};
use super::fork;
use super::memory;
use super::own::{self, Own};
use super::served::{How, Node, Opened};
use super::state::STATE;
use super::status;
use super::writers;
use crate::mounts::Place;

/// How many names of files in memory are remembered; what is older than that is described by the system.
const IDENTITIES: usize = 16_384;

/// The descriptor is about to become another file: what was cached under it is gone.
pub fn make_way(fd: RawFd) {
    let gone = STATE.lock().cache.take(|cached| cached.has(fd));
    for cached in &gone {
        // Closed by whoever takes its number.
        cached.file.lose();
    }
}

/// Closes what is held only to be opened again, if the calling thread's `errno` says that descriptors ran out. Whether
/// that helped; if not, `errno` stays as it is.
pub fn made_room() -> bool {
    if !Errno::last().is_no_room() || !fork::owns_memory() {
        return false;
    }
    let gone = STATE.lock().cache.take(|_| true);
    !gone.is_empty()
}

/// Forgets the contents of a mount that is gone.
pub fn forget(mount: u64) {
    let gone = STATE.lock().cache.take(|cached| cached.is_in(mount));
    drop(gone);
}

/// Opens the file at `place` and hands the descriptor over.
pub fn open(place: &Place, how: How) -> Answer<RawFd> {
    if place.mount.served().is_constant() && !how.writes() {
        if let Some(fd) = again(place, how.flags)? {
            return Ok(fd);
        }
    }
    match place.mount.served().open(&place.sub, how)? {
        Opened::Shared(node) => shared(place, &node, how.flags),
        Opened::Contents(contents, mut node) => {
            let file = memory::file(&contents, &place.path(), true)?;
            node.size = contents.len() as u64;
            remember(place, &file, &node, true);
            hand_over(file, how.flags)
        }
        Opened::Real(file) => Ok(file.into_raw_fd()),
        Opened::Buffered {
            contents,
            node,
            saver,
        } => writers::open(place, how.flags, &contents, &node, saver),
    }
}

/// Opens contents once more that were read before. Without /proc, or where the process changed its user since,
/// contents of its own have to do.
fn again(place: &Place, flags: i32) -> Answer<Option<RawFd>> {
    let cached = STATE.lock().cache.get(place);
    match cached {
        Some((file, inode)) => reopen(&file, inode, flags),
        None => Ok(None),
    }
}

/// Opens a file whose contents stay what they are.
fn shared(place: &Place, node: &Node, flags: i32) -> Answer<RawFd> {
    if !place.mount.served().is_constant() {
        if let Some(fd) = again(place, flags)? {
            return Ok(fd);
        }
    }
    let contents = place.mount.served().read(&place.sub)?;
    let file = memory::file(&contents, &place.path(), true)?;
    remember(place, &file, node, true);
    let size = contents.len() as u64;
    drop(contents);
    if !fork::owns_memory() || !STATE.lock().cache.wants(place, size) {
        return hand_over(file, flags);
    }
    let file = Arc::new(Own::new(file));
    match memory::reopen(&*file, flags) {
        Ok(fd) => {
            let gone = STATE.lock().cache.put(place, file, size);
            drop(gone);
            Ok(fd)
        }
        Err(_) => match Arc::try_unwrap(file) {
            Ok(file) => hand_over(file.into_inner().ok_or(Errno(libc::EBADF))?, flags),
            Err(_) => Err(Errno(libc::EIO)),
        },
    }
}

/// Opens a cached file again, where that can be done.
fn reopen(file: &Own, inode: u64, flags: i32) -> Answer<Option<RawFd>> {
    let number = file.as_raw_fd();
    match memory::reopen(file, flags) {
        Ok(fd) if memory::metadata(fd).is_ok_and(|found| found.st_ino == inode) => {
            return Ok(Some(fd));
        }
        // Closed where there is no hook, and the number is another file's now.
        Ok(fd) => {
            // SAFETY: opened just now, and given to nobody.
            unsafe { libc::close(fd) };
        }
        Err(errno) if errno.is_no_room() => return Err(errno),
        // SAFETY: asks about a number.
        Err(_) if unsafe { libc::fcntl(number, libc::F_GETFD) } >= 0 => return Ok(None),
        Err(_) => {}
    }
    if fork::owns_memory() {
        make_way(number);
        own::forget(number);
    }
    Ok(None)
}

/// Gives a sealed file away as it is. It counts as open for writing, too, but nobody can write to it.
fn hand_over(file: OwnedFd, flags: i32) -> Answer<RawFd> {
    if flags & libc::O_PATH != 0 {
        return memory::reopen(&file, flags);
    }
    if flags & libc::O_CLOEXEC == 0 {
        // SAFETY: a descriptor of ours and plain integers.
        unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETFD, 0) };
    }
    if flags & libc::O_NONBLOCK != 0 {
        // SAFETY: as above; a regular file never blocks, but the flag can be read back.
        unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) };
    }
    Ok(file.into_raw_fd())
}

/// Which file of which mount an inode in memory is, so that `fstat` says the same as `stat`.
#[derive(Default)]
pub struct Identities {
    known: HashMap<(u64, u64), Identity, RandomState>,
    order: VecDeque<(u64, u64)>,
}

/// What `fstat` says apart from the length, which is the real one.
#[derive(Clone, Copy)]
pub struct Identity {
    device: u64,
    inode: u64,
    owner: (u32, u32),
    node: Node,
    /// Whether nobody can change the file, and when that was done last.
    sealed: bool,
    changed: (i64, i64),
}

fn changed(found: &libc::stat) -> (i64, i64) {
    (found.st_ctime, found.st_ctime_nsec)
}

/// The devices that nameless files lie on, in memory and, where that is not allowed, on disk; 0 before there is one.
static DEVICES: [AtomicU64; 2] = [const { AtomicU64::new(0) }; 2];

/// Notes the device of a nameless file.
fn note_device(device: u64) {
    for known in &DEVICES {
        let known = known.compare_exchange(0, device, Ordering::Relaxed, Ordering::Relaxed);
        if known.is_ok() || known == Err(device) {
            break;
        }
    }
}

/// Notes what `fstat` of this file is to say; `sealed`, nobody changes it any more.
pub fn remember(place: &Place, file: &OwnedFd, node: &Node, sealed: bool) {
    let Ok(real) = memory::metadata(file.as_raw_fd()) else {
        return;
    };
    if !fork::owns_memory() {
        return;
    }
    note_device(real.st_dev);
    let identity = Identity {
        device: place.mount.device(),
        inode: status::inode(place, node),
        owner: place.mount.owner,
        node: *node,
        sealed,
        changed: changed(&real),
    };
    let key = (real.st_dev, real.st_ino);
    let mut state = STATE.lock();
    let identities = &mut state.identities;
    if identities.known.insert(key, identity).is_none() {
        identities.order.push_back(key);
    }
    if identities.order.len() > IDENTITIES {
        if let Some(oldest) = identities.order.pop_front() {
            identities.known.remove(&oldest);
        }
    }
}

/// What is remembered of the file that the system describes so.
fn identity(found: &libc::stat) -> Option<Identity> {
    let is_ours = |known: &AtomicU64| known.load(Ordering::Relaxed) == found.st_dev;
    // Our files have no name.
    if found.st_nlink != 0 || !DEVICES.iter().any(is_ours) {
        return None;
    }
    let key = (found.st_dev, found.st_ino);
    let identity = STATE.lock().identities.known.get(&key).copied()?;
    // A file that has the number of one that is gone was made later.
    (!identity.sealed || identity.changed == changed(found)).then_some(identity)
}

/// Whether the descriptor is one of a mount's file that nobody can change.
pub fn is_sealed(fd: RawFd) -> bool {
    memory::metadata(fd).is_ok_and(|found| identity(&found).is_some_and(|file| file.sealed))
}

/// Corrects what the system said of a descriptor, where that is a file of a mount.
pub fn correct(found: &mut libc::stat) {
    if let Some(identity) = identity(found) {
        let size = found.st_size as u64;
        let Identity {
            device,
            inode,
            owner,
            node,
            ..
        } = identity;
        status::fill(found, device, inode, owner, &node);
        status::set_size(found, size);
    }
}
