//! Open files that are read in parts: large ones, of which a program may want only a little.
//!
//! Their descriptors are real, but hold nothing: position and length are the system's, and whoever reads past our hooks
//! (another program, a mapping) gets an error, never wrong bytes. Reading asks the file system for what is read. Who reads
//! on where the last part ended gets a larger part, so that reading all of it in small steps takes few questions.

use std::collections::BTreeMap;
use std::mem::MaybeUninit;
use std::ops::RangeInclusive;
use std::os::fd::{BorrowedFd, IntoRawFd, RawFd};

use rustix::fs::{seek, SeekFrom};

use crate::open::filter::Filter;
use crate::open::identities;
use invfs_engine::path::{Subpath, SubpathBuf};
use invfs_fs::file_system::Node;
use invfs_fs::mounts::Place;
use invfs_fs::sys::errno::{Answer, Errno};
use invfs_fs::sys::fork::{self, ForkMutex};
use invfs_fs::sys::memfd;

/// The smallest part that is asked for.
const SMALLEST: usize = 4 << 10;
/// The largest part that is asked for ahead of what is read.
const AHEAD: usize = 4 << 20;
/// The largest part that is asked for at once.
const LARGEST: usize = 8 << 20;

/// Bytes of a file that were read, some of them ahead.
#[derive(Default)]
struct Window {
    start: u64,
    bytes: Vec<u8>,
    /// Where the last reading ended.
    end: u64,
    /// How much to ask for if the next begins there.
    ahead: usize,
}

impl Window {
    /// What it has from `offset` on.
    fn from(&self, offset: u64) -> &[u8] {
        let at = offset.checked_sub(self.start).map(usize::try_from);
        match at {
            Some(Ok(at)) => self.bytes.get(at..).unwrap_or_default(),
            _ => &[],
        }
    }
}

/// An open file: its descriptors share an offset.
struct Open {
    /// `None` once it was removed.
    place: Option<Place>,
    /// Of the descriptor, by which can be seen whether it is still that file's.
    inode: u64,
    size: u64,
    descriptors: usize,
    window: Window,
}

#[derive(Default)]
struct Table {
    files: BTreeMap<u64, Open>,
    descriptors: BTreeMap<RawFd, u64>,
    last: u64,
}

static TABLE: ForkMutex<Table> = ForkMutex::new(Table {
    files: BTreeMap::new(),
    descriptors: BTreeMap::new(),
    last: 0,
});
invfs_fs::survives_fork!(TABLE, Outer);

static KNOWN: Filter = Filter::new();

impl Table {
    fn insert(&mut self, fd: RawFd, number: u64) -> Option<Open> {
        let gone = self.remove(fd);
        self.descriptors.insert(fd, number);
        KNOWN.add(fd as usize);
        if let Some(file) = self.files.get_mut(&number) {
            file.descriptors += 1;
        }
        gone
    }

    fn remove(&mut self, fd: RawFd) -> Option<Open> {
        let number = self.descriptors.remove(&fd)?;
        KNOWN.remove(fd as usize);
        let file = self.files.get_mut(&number)?;
        file.descriptors -= 1;
        match file.descriptors {
            0 => self.files.remove(&number),
            _ => None,
        }
    }

    fn file(&mut self, fd: RawFd) -> Option<&mut Open> {
        self.files.get_mut(self.descriptors.get(&fd)?)
    }
}

/// Whether the descriptor may be one of those.
pub fn may_have(fd: RawFd) -> bool {
    fd >= 0 && KNOWN.may_hold(fd as usize)
}

/// Opens the file at `place`, which is read in parts; `None` where there are no such descriptors.
pub fn open(place: &Place, node: &Node, flags: i32) -> Answer<Option<RawFd>> {
    if !fork::owns_memory() || flags & libc::O_PATH != 0 {
        // A child of vfork is about to become another program, which could not read it.
        return Ok(None);
    }
    let opened = match beside(place, node.size) {
        // So that a lock on the one excludes the other.
        Some(other) => memfd::reopen(&other, flags & !libc::O_ACCMODE | libc::O_WRONLY),
        None => memfd::placeholder(node.size, &place.path(), flags),
    };
    let Ok(file) = opened else {
        return match opened {
            Err(errno) if errno.is_no_room() => Err(errno),
            _ => Ok(None),
        };
    };
    let inode = identities::remember(place, &file, node, true);
    let fd = file.into_raw_fd();
    let mut table = TABLE.lock();
    table.last += 1;
    let number = table.last;
    let open = Open {
        place: Some(place.clone()),
        inode,
        size: node.size,
        descriptors: 0,
        window: Window::default(),
    };
    table.files.insert(number, open);
    let gone = table.insert(fd, number);
    drop(table);
    drop(gone);
    Ok(Some(fd))
}

/// A descriptor of the file at `place`, if it is open and has this size.
fn beside(place: &Place, size: u64) -> Option<RawFd> {
    let table = TABLE.lock();
    let is_it = |file: &Open| {
        let known = file.place.as_ref();
        file.size == size
            && known.is_some_and(|known| known.mount.id == place.mount.id && known.sub == place.sub)
    };
    let mut known = table.descriptors.iter();
    let (fd, number) = known.find(|(_, number)| table.files.get(number).is_some_and(is_it))?;
    let (fd, inode) = (*fd, table.files.get(number)?.inode);
    drop(table);
    is_inode(fd, inode).then_some(fd)
}

fn is_inode(fd: RawFd, inode: u64) -> bool {
    memfd::metadata(fd).is_ok_and(|found| found.st_ino == inode)
}

/// Whether the descriptor is one of a file that is read in parts.
pub fn is_one(fd: RawFd) -> bool {
    if !may_have(fd) {
        return false;
    }
    // First without a lock: a signal handler may use a pipe.
    let Ok(found) = memfd::metadata(fd) else {
        return false;
    };
    if found.st_nlink != 0 || found.st_mode & libc::S_IFMT != libc::S_IFREG {
        return false;
    }
    let inode = TABLE.lock().file(fd).map(|file| file.inode);
    if inode.is_some_and(|inode| inode != found.st_ino) {
        // Closed where there is no hook, and the number used again.
        closing(fd);
        return false;
    }
    inode.is_some()
}

/// The file of a descriptor.
pub fn place(fd: RawFd) -> Option<Place> {
    match is_one(fd) {
        true => TABLE.lock().file(fd)?.place.clone(),
        false => None,
    }
}

/// Reads from the offset of a descriptor that [`is_one`] on, and moves that.
pub fn read(fd: RawFd, room: &mut [MaybeUninit<u8>]) -> Answer<usize> {
    // SAFETY: open: it was looked at just now. It is not closed, and stays the caller's.
    let borrowed = unsafe { BorrowedFd::borrow_raw(fd) };
    let offset = seek(borrowed, SeekFrom::Current(0))?;
    let count = read_at(fd, offset, room)?;
    seek(borrowed, SeekFrom::Start(offset + count as u64))?;
    Ok(count)
}

/// Reads from `offset` on. The descriptor is one of ours.
pub fn read_at(fd: RawFd, offset: u64, room: &mut [MaybeUninit<u8>]) -> Answer<usize> {
    let size = TABLE.lock().file(fd).ok_or(Errno(libc::EBADF))?.size;
    let left = usize::try_from(size.saturating_sub(offset)).unwrap_or(usize::MAX);
    let wanted = room.len().min(left);
    let mut done = 0;
    while let Some(rest) = room.get_mut(done..wanted).filter(|rest| !rest.is_empty()) {
        match some(fd, offset + done as u64, left - done, rest) {
            Ok(0) => break,
            Ok(count) => done += count,
            Err(errno) if done == 0 => return Err(errno),
            Err(_) => break,
        }
    }
    if let Some(file) = TABLE.lock().file(fd) {
        file.window.end = offset + done as u64;
    }
    Ok(done)
}

/// Reads some bytes: those of the window, or a new part. `left` are there before the end of the file.
fn some(fd: RawFd, offset: u64, left: usize, room: &mut [MaybeUninit<u8>]) -> Answer<usize> {
    let (ask, place) = {
        let mut table = TABLE.lock();
        let file = table.file(fd).ok_or(Errno(libc::EBADF))?;
        let window = &mut file.window;
        let known = copy(window.from(offset), room);
        if known > 0 {
            return Ok(known);
        }
        let goes_on =
            offset > 0 && offset == window.end.max(window.start + window.bytes.len() as u64);
        window.ahead = match goes_on {
            true => window.ahead.saturating_mul(2).clamp(SMALLEST, AHEAD),
            false => 0,
        };
        let place = file.place.clone().ok_or(Errno(libc::ESTALE))?;
        (window.ahead.max(SMALLEST), place)
    };
    let file_system = place.mount.file_system();
    if room.len() >= ask {
        let mut done = 0;
        let length = room.len().min(LARGEST);
        file_system.read_part(&place.sub, offset, length, &mut |bytes| {
            done = copy(bytes, room);
        })?;
        if let Some(file) = TABLE.lock().file(fd) {
            file.window.ahead = length.min(AHEAD);
        }
        return Ok(done);
    }
    let mut bytes = Vec::new();
    let mut no_memory = false;
    file_system.read_part(&place.sub, offset, ask.min(left), &mut |part| {
        no_memory = bytes.try_reserve_exact(part.len()).is_err();
        if !no_memory {
            bytes.extend_from_slice(part);
        }
    })?;
    if no_memory {
        return Err(Errno(libc::ENOMEM));
    }
    let done = copy(&bytes, room);
    if let Some(file) = TABLE.lock().file(fd) {
        let ahead = ask.min(AHEAD);
        let start = offset;
        let end = file.window.end;
        file.window = Window {
            start,
            bytes,
            end,
            ahead,
        };
    }
    Ok(done)
}

/// Copies as many bytes as there is room for.
fn copy(bytes: &[u8], room: &mut [MaybeUninit<u8>]) -> usize {
    for (to, from) in room.iter_mut().zip(bytes) {
        to.write(*from);
    }
    bytes.len().min(room.len())
}

/// The descriptor is about to be closed.
pub fn closing(fd: RawFd) {
    if may_have(fd) && fork::owns_memory() {
        let gone = TABLE.lock().remove(fd);
        drop(gone);
    }
}

/// All descriptors of a range are about to be closed.
pub fn closing_all(range: RangeInclusive<u32>) {
    let known: Vec<RawFd> = TABLE.lock().descriptors.keys().copied().collect();
    known
        .into_iter()
        .filter(|fd| range.contains(&(*fd as u32)))
        .for_each(closing);
}

/// `copy` is a duplicate of `fd` now.
pub fn duplicated(fd: RawFd, copy: RawFd) {
    if is_one(fd) && fork::owns_memory() {
        let mut table = TABLE.lock();
        let number = table.descriptors.get(&fd).copied();
        let gone = number.and_then(|number| table.insert(copy, number));
        drop(table);
        drop(gone);
    }
}

/// The open files of a mount, by the names that they were opened by, for which `concerns` says yes.
pub fn names(mount: u64, concerns: impl Fn(&Subpath) -> bool) -> Vec<(u64, SubpathBuf)> {
    let table = TABLE.lock();
    let of_mount = |(number, file): (&u64, &Open)| {
        let place = file.place.as_ref()?;
        (place.mount.id == mount && concerns(&place.sub)).then(|| (*number, place.sub.clone()))
    };
    table.files.iter().filter_map(of_mount).collect()
}

/// An open file has another name now; `None` if it was removed.
pub fn move_to(number: u64, place: Option<Place>) {
    let mut table = TABLE.lock();
    let was = match table.files.get_mut(&number) {
        Some(file) => std::mem::replace(&mut file.place, place),
        None => None,
    };
    drop(table);
    drop(was);
}
