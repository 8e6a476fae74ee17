//! Open files that are read in parts: large ones, of which a program may want only a little.
//!
//! Their descriptors are real, but hold nothing: position and length are the system's, and whoever reads past our hooks
//! (another program, a mapping) gets an error, never wrong bytes. Reading asks the file system for what is read. Who reads
//! on where the last part ended gets a larger part, so that reading all of it in small steps takes few questions.

use std::collections::BTreeMap;
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, RawFd};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{seek, SeekFrom};

use invfs_engine::path::{Subpath, SubpathBuf};
use invfs_fs::mounts::Place;
use invfs_fs::sys::errno::{Answer, Errno};
use invfs_fs::sys::fork::ForkMutex;

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

    /// How much to ask for at `offset`, of which it has nothing.
    fn next_part(&mut self, offset: u64) -> usize {
        let end = self.end.max(self.start + self.bytes.len() as u64);
        self.ahead = match offset > 0 && offset == end {
            true => self.ahead.saturating_mul(2).clamp(SMALLEST, AHEAD),
            false => 0,
        };
        self.ahead.max(SMALLEST)
    }
}

/// An open file: its descriptors share an offset.
pub struct Parts {
    /// By which it is known in [`FILES`].
    number: u64,
    inode: u64,
    size: u64,
}

impl Drop for Parts {
    fn drop(&mut self) {
        let gone = FILES.lock().remove(&self.number);
        drop(gone);
    }
}

/// What changes of an open file.
struct State {
    /// `None` once it was removed.
    place: Option<Place>,
    window: Window,
}

static FILES: ForkMutex<BTreeMap<u64, State>> = ForkMutex::new(BTreeMap::new());
invfs_fs::survives_fork!(FILES, Outer);

static NUMBERS: AtomicU64 = AtomicU64::new(1);

impl Parts {
    /// The file at `place`, of which a descriptor has this inode; `size` is what may be read of it.
    pub fn new(place: &Place, inode: u64, size: u64) -> Parts {
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        let state = State {
            place: Some(place.clone()),
            window: Window::default(),
        };
        FILES.lock().insert(number, state);
        Parts {
            number,
            inode,
            size,
        }
    }

    /// The inode of its descriptors, by which can be seen whether one is still this file's.
    pub fn inode(&self) -> u64 {
        self.inode
    }

    /// Whether it is the file at `place`, and has this size.
    pub fn is_at(&self, place: &Place, size: u64) -> bool {
        let is_it = |known: Place| known.mount.id == place.mount.id && known.sub == place.sub;
        self.size == size && self.place().is_some_and(is_it)
    }

    /// Its place; `None` once it was removed.
    pub fn place(&self) -> Option<Place> {
        FILES.lock().get(&self.number)?.place.clone()
    }

    /// Reads from the offset of its descriptor `fd` on, and moves that.
    pub fn read(&self, fd: RawFd, room: &mut [MaybeUninit<u8>]) -> Answer<usize> {
        // SAFETY: open: it was looked at just now. It is not closed, and stays the caller's.
        let borrowed = unsafe { BorrowedFd::borrow_raw(fd) };
        let offset = seek(borrowed, SeekFrom::Current(0))?;
        let count = self.read_at(offset, room)?;
        seek(borrowed, SeekFrom::Start(offset + count as u64))?;
        Ok(count)
    }

    /// Reads from `offset` on.
    pub fn read_at(&self, offset: u64, room: &mut [MaybeUninit<u8>]) -> Answer<usize> {
        let left = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX);
        let wanted = room.len().min(left);
        let mut done = 0;
        while let Some(rest) = room.get_mut(done..wanted).filter(|rest| !rest.is_empty()) {
            match self.some(offset + done as u64, left - done, rest) {
                Ok(0) => break,
                Ok(count) => done += count,
                Err(errno) if done == 0 => return Err(errno),
                Err(_) => break,
            }
        }
        self.change(|window| window.end = offset + done as u64);
        Ok(done)
    }

    /// Reads some bytes: those of the window, or a new part. `left` are there before the end of the file.
    fn some(&self, offset: u64, left: usize, room: &mut [MaybeUninit<u8>]) -> Answer<usize> {
        let (ask, place) = {
            let mut files = FILES.lock();
            let state = files.get_mut(&self.number).ok_or(Errno(libc::EBADF))?;
            let known = copy(state.window.from(offset), room);
            if known > 0 {
                return Ok(known);
            }
            let place = state.place.clone().ok_or(Errno(libc::ESTALE))?;
            (state.window.next_part(offset), place)
        };
        let file_system = place.mount.file_system();
        if room.len() >= ask {
            let mut done = 0;
            let length = room.len().min(LARGEST);
            file_system.read_part(&place.sub, offset, length, &mut |bytes| {
                done = copy(bytes, room);
            })?;
            self.change(|window| window.ahead = length.min(AHEAD));
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
        self.change(|window| {
            window.start = offset;
            window.bytes = bytes;
            window.ahead = ask;
        });
        Ok(done)
    }

    fn change(&self, change: impl FnOnce(&mut Window)) {
        if let Some(state) = FILES.lock().get_mut(&self.number) {
            change(&mut state.window);
        }
    }
}

/// Copies as many bytes as there is room for.
fn copy(bytes: &[u8], room: &mut [MaybeUninit<u8>]) -> usize {
    for (to, from) in room.iter_mut().zip(bytes) {
        to.write(*from);
    }
    bytes.len().min(room.len())
}

/// The open files of a mount, with the names that these were opened by, where `concerns` says yes.
pub fn names(mount: u64, concerns: impl Fn(&Subpath) -> bool) -> Vec<(u64, SubpathBuf)> {
    let name = |(number, state): (&u64, &State)| match &state.place {
        Some(place) if place.mount.id == mount && concerns(&place.sub) => {
            Some((*number, place.sub.clone()))
        }
        _ => None,
    };
    FILES.lock().iter().filter_map(name).collect()
}

/// An open file has another name now; `None` if it was removed.
pub fn move_to(number: u64, place: Option<Place>) {
    let mut files = FILES.lock();
    let was = match files.get_mut(&number) {
        Some(state) => std::mem::replace(&mut state.place, place),
        None => None,
    };
    drop(files);
    drop(was);
}
