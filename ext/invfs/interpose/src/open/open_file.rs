//! Opening a file of a mount.

use std::os::fd::{AsRawFd, BorrowedFd, IntoRawFd, OwnedFd, RawFd};
use std::sync::Arc;

use rustix::fs::OFlags;
use rustix::io::FdFlags;

use crate::open::fd_table::{self, Description};
use crate::open::file_cache::CACHE;
use crate::open::reader::{Reader, Since};
use crate::open::stat;
use crate::open::{dir_streams, identities, in_parts, loading};
use invfs_fs::buffered::Buffered;
use invfs_fs::file_system::{Contents, Node, OpenHow, Opened};
use invfs_fs::fingerprint::Fingerprint;
use invfs_fs::mounts::{Mount, Place};
use invfs_fs::sys::at;
use invfs_fs::sys::errno::{Answer, Errno};
use invfs_fs::sys::fork;
use invfs_fs::sys::memfd;
use invfs_fs::sys::reserved_fd::{self, ReservedFd};

/// The descriptor is about to become another file: what was cached under it is gone.
fn lose(fd: RawFd) {
    let gone = CACHE.lock().take(|cached| cached.has(fd));
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
    let gone = CACHE.lock().take(|_| true);
    !gone.is_empty()
}

/// Forgets the contents of a mount that is gone.
fn forget(mount: &Mount) {
    let gone = CACHE.lock().take(|cached| cached.is_in(mount.id));
    drop(gone);
}
invfs_fs::on_unmount!(forget);

/// A descriptor that can be handed over, and the inode in memory of its file.
type Opening = (OwnedFd, u64);

/// Opens the file at `place` and hands the descriptor over. Anybody can read from it.
pub fn open(place: &Place, how: OpenHow) -> Answer<RawFd> {
    by(place, how, |_| Ok(None))
}

/// Opens the file at `place` for a program that reads by calling functions with hooks, so that a large file may be read in
/// parts.
pub fn open_for_calls(place: &Place, how: OpenHow) -> Answer<RawFd> {
    by(place, how, |node| in_parts::open(place, node, how.flags))
}

/// Opens the file at `place`; one that is read in parts by `partly`, or as a whole if that answers `None`.
fn by(
    place: &Place,
    how: OpenHow,
    partly: impl FnOnce(&Node) -> Answer<Option<RawFd>>,
) -> Answer<RawFd> {
    if place.mount.file_system().is_constant() && !how.writes() {
        if let Some(opening) = again(place, how.flags)? {
            return Ok(reading(place, opening, None));
        }
    }
    let opened = place.mount.file_system().open(&place.sub, how);
    if how.writes() {
        dir_streams::changed();
    }
    let mut since = None;
    let opening = match opened? {
        Opened::Shared(node, contents) => {
            if loading::only_looks(place, how.flags) {
                if let Some(fd) = partly(&node)? {
                    return Ok(fd);
                }
            }
            since = holdable(how.flags);
            shared(place, &node, contents, how.flags)?
        }
        Opened::Contents(contents, node) => held(place, &contents, node, how.flags)?,
        Opened::Memory(file, node) => in_memory(place, file, node, how.flags)?,
        Opened::Parts(node, contents) => match partly(&node)? {
            Some(fd) => return Ok(fd),
            None => held(place, &contents()?, node, how.flags)?,
        },
        Opened::Real(file) => return Ok(file.into_raw_fd()),
        Opened::Buffered(file, node) => return buffered(place, how, file, &node),
    };
    Ok(reading(place, opening, since))
}

/// Notes a new descriptor of the file at `place`.
fn reading(place: &Place, (opened, inode): Opening, holdable: Option<Since>) -> RawFd {
    let fd = opened.into_raw_fd();
    fd_table::insert(fd, Description::Read(Reader::new(place, inode, holdable)));
    fd
}

/// See [`Reader::holdable`]; for a file whose contents stay what they are.
fn holdable(flags: i32) -> Option<Since> {
    let is_own = flags & (libc::O_CLOEXEC | libc::O_PATH) == libc::O_CLOEXEC;
    is_own.then(Since::now)
}

/// The last descriptor of a file is about to be closed: a small file is held, as long as there is much room, so that it need
/// not be made again. To take it over costs less than to give its memory back.
pub fn hold(fd: RawFd, reader: &Reader) {
    if reader.holdable != Some(Since::now()) {
        return;
    }
    let Some(found) = memfd::nameless(fd).filter(|found| found.st_ino == reader.inode) else {
        return;
    };
    let size = found.st_size as u64;
    if !CACHE.lock().has_room(&reader.place, size) {
        return;
    }
    // SAFETY: open, as was just seen, and used only here, before it is closed.
    let file = unsafe { BorrowedFd::borrow_raw(fd) };
    if !rustix::io::fcntl_getfd(file).is_ok_and(|flags| flags.contains(FdFlags::CLOEXEC)) {
        return;
    }
    let Some(copy) = ReservedFd::copy_of(file) else {
        return;
    };
    let gone = CACHE
        .lock()
        .put(&reader.place, Arc::new(copy), reader.inode, size);
    drop(gone);
}

/// Opens contents that the file system has handed out.
fn held(place: &Place, contents: &[u8], node: Node, flags: i32) -> Answer<Opening> {
    if let Some(opening) = beside(place, flags)? {
        if holds(&opening.0, contents) {
            return Ok(opening);
        }
    }
    made(
        place,
        memfd::file(contents, &place.path(), true)?,
        node,
        flags,
    )
}

/// Opens a file that the file system has made.
fn in_memory(place: &Place, file: OwnedFd, node: Node, flags: i32) -> Answer<Opening> {
    if let Some(opening) = beside(place, flags)? {
        if Fingerprint::of_file(&opening.0, u64::MAX)? == Fingerprint::of_file(&file, u64::MAX)? {
            return Ok(opening);
        }
    }
    made(place, file, node, flags)
}

/// Hands a new file in memory over. It is as long as what it holds, whatever the file system said.
fn made(place: &Place, file: OwnedFd, node: Node, flags: i32) -> Answer<Opening> {
    let size = at::look_at(&file)?.size;
    let inode = identities::remember(place, &file, &Node { size, ..node }, true);
    Ok((hand_over(file, flags)?, inode))
}

/// Opens a file that is open for writing.
fn buffered(place: &Place, how: OpenHow, file: Arc<Buffered>, node: &Node) -> Answer<RawFd> {
    let node = Node {
        ino: Some(file.inode(stat::inode(place, node))),
        ..*node
    };
    identities::remember(place, &*file, &node, false);
    // Opened anew for the flags that were asked for, such as appending.
    let opened = file.reopen(how.flags);
    if how.writes() {
        match &opened {
            Ok(fd) => fd_table::insert(fd.as_raw_fd(), Description::Written(file)),
            // The failure to open is the answer.
            Err(_) => {
                let _ = file.release();
            }
        }
    }
    opened.map(IntoRawFd::into_raw_fd)
}

/// Opens contents once more that were read before. Without /proc, or where the process changed its user since,
/// contents of its own have to do.
fn again(place: &Place, flags: i32) -> Answer<Option<Opening>> {
    let cached = CACHE.lock().get(place);
    match cached {
        Some((file, inode)) => Ok(reopen(&file, inode, flags)?.map(|opened| (opened, inode))),
        None => beside(place, flags),
    }
}

/// Opens once more what another descriptor of the file has open.
fn beside(place: &Place, flags: i32) -> Answer<Option<Opening>> {
    let Some((other, inode)) = fd_table::reader_at(place) else {
        return Ok(None);
    };
    match memfd::reopen(&other, flags) {
        Ok(opened) if at::look_at(&opened).is_ok_and(|found| found.ino == inode) => {
            Ok(Some((opened, inode)))
        }
        Err(errno) if errno.is_no_room() => Err(errno),
        // Closed meanwhile, or there is no /proc.
        _ => Ok(None),
    }
}

/// Whether the file holds just these contents.
fn holds(file: &OwnedFd, contents: &[u8]) -> bool {
    let same_size = at::look_at(file).is_ok_and(|found| found.size == contents.len() as u64);
    same_size && memfd::read_all(file).is_ok_and(|held| held == contents)
}

/// Opens a file whose contents stay what they are.
fn shared(place: &Place, node: &Node, contents: Contents<'_>, flags: i32) -> Answer<Opening> {
    if !place.mount.file_system().is_constant() {
        if let Some(opening) = again(place, flags)? {
            return Ok(opening);
        }
    }
    let contents = contents()?;
    let file = memfd::file(&contents, &place.path(), true)?;
    let inode = identities::remember(place, &file, node, true);
    let size = contents.len() as u64;
    drop(contents);
    let handed_over = |file| Ok((hand_over(file, flags)?, inode));
    // 0 says that it could not be remembered: nor can this.
    if inode == 0 || !CACHE.lock().wants(place, size) {
        return handed_over(file);
    }
    let file = Arc::new(ReservedFd::new(file));
    match memfd::reopen(&*file, flags) {
        Ok(opened) => {
            let gone = CACHE.lock().put(place, file, inode, size);
            drop(gone);
            Ok((opened, inode))
        }
        Err(_) => match Arc::try_unwrap(file) {
            Ok(file) => handed_over(file.into_inner().ok_or(Errno(libc::EBADF))?),
            Err(_) => Err(Errno(libc::EIO)),
        },
    }
}

/// Opens a cached file again, where that can be done.
fn reopen(file: &ReservedFd, inode: u64, flags: i32) -> Answer<Option<OwnedFd>> {
    let number = file.as_raw_fd();
    match memfd::reopen(file, flags) {
        Ok(opened) if at::look_at(&opened).is_ok_and(|found| found.ino == inode) => {
            return Ok(Some(opened));
        }
        Err(errno) if errno.is_no_room() => return Err(errno),
        Err(_) if file.get().and_then(at::look_at).is_ok() => return Ok(None),
        // Closed where there is no hook, and perhaps the number is another file's now.
        _ => {}
    }
    if fork::owns_memory() {
        lose(number);
        reserved_fd::forget(number);
    }
    Ok(None)
}

/// Gives a sealed file away as it is. It counts as open for writing, too, but nobody can write to it.
fn hand_over(file: OwnedFd, flags: i32) -> Answer<OwnedFd> {
    if flags & libc::O_PATH != 0 {
        return memfd::reopen(&file, flags);
    }
    if flags & libc::O_CLOEXEC == 0 {
        rustix::io::fcntl_setfd(&file, FdFlags::empty())?;
    }
    if flags & libc::O_NONBLOCK != 0 {
        // A regular file never blocks, but the flag can be read back.
        rustix::fs::fcntl_setfl(&file, OFlags::NONBLOCK)?;
    }
    Ok(file)
}
