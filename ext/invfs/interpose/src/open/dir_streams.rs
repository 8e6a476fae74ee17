//! Directory streams of a mount: real streams of the empty directory, and the names that are read from them.

use std::collections::BTreeMap;
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::open::fd_table;
use crate::open::filter::Filter;
use crate::open::zeroed::zeroed;
use invfs_engine::path::Subpath;
use invfs_engine::vfs::Kind;
use invfs_fs::mounts::{self, Over, Place};
use invfs_fs::sys::clock;
use invfs_fs::sys::errno::{Answer, Errno};
use invfs_fs::sys::fork::ForkMutex;

/// Open directory streams, by the address of the real stream.
static STREAMS: ForkMutex<BTreeMap<usize, Stream>> = ForkMutex::new(BTreeMap::new());
invfs_fs::survives_fork!(STREAMS, Outer);

static KNOWN: Filter = Filter::new();

/// A directory stream.
struct Stream {
    place: Place,
    entries: Vec<(Vec<u8>, u64, u8)>,
    next: usize,
    /// When the names were read.
    read: Moment,
    /// What `readdir` handed out last; it stays valid until the next call.
    handed_out: Box<libc::dirent64>,
}

/// How long names count that nobody has looked at, in nanoseconds.
const FRESH: u64 = 1_000_000;

/// How often names of mounts were changed by this process.
static CHANGES: AtomicU64 = AtomicU64::new(0);

/// This process is about to change names of a mount, or has done so.
pub fn changed() {
    CHANGES.fetch_add(1, Ordering::AcqRel);
}

/// A moment, by the clock and by the changes that were made.
#[derive(Clone, Copy)]
struct Moment {
    time: u64,
    changes: (u64, u64),
}

impl Moment {
    fn now() -> Moment {
        Moment {
            time: clock::nanoseconds(libc::CLOCK_MONOTONIC),
            changes: (CHANGES.load(Ordering::Acquire), mounts::generation()),
        }
    }
}

impl Stream {
    /// Whether reading the names anew would tell what is known: `Dir.children` opens a directory and goes to its beginning
    /// before it reads. It need not be quite true where asking runs the code of a program.
    fn is_fresh(&self) -> bool {
        let now = Moment::now();
        let mount = &self.place.mount;
        self.next == 0
            && mount.over == Over::Nothing
            && now.changes == self.read.changes
            && (mount.file_system().is_constant()
                || mount.file_system().runs_code() && now.time < self.read.time + FRESH)
    }
}

/// Opens a stream for a descriptor of a virtual directory, which belongs to the stream from then on.
pub fn open(fd: RawFd, place: Place) -> Answer<*mut libc::DIR> {
    let changes = Moment::now().changes;
    let entries = entries(&place)?;
    let read = Moment {
        changes,
        ..Moment::now()
    };
    // SAFETY: a plain integer; the system looks what it means.
    let stream = unsafe { libc::fdopendir(fd) };
    if stream.is_null() {
        return Err(Errno::last());
    }
    let key = stream as usize;
    let opened = Stream {
        place,
        entries,
        next: 0,
        read,
        handed_out: Box::new(zeroed()),
    };
    let old = STREAMS.lock().insert(key, opened);
    if old.is_none() {
        KNOWN.add(key);
    }
    Ok(stream)
}

/// The directories that are being read, by the address of the real stream.
pub fn places() -> Vec<(usize, Place)> {
    let streams = STREAMS.lock();
    let place = |(key, stream): (&usize, &Stream)| (*key, stream.place.clone());
    streams.iter().map(place).collect()
}

/// The directory of a stream has another name now.
pub fn move_to(stream: usize, place: Place) {
    if let Some(stream) = STREAMS.lock().get_mut(&stream) {
        stream.place = place;
    }
}

/// The names to read, `.` and `..` first.
fn entries(place: &Place) -> Answer<Vec<(Vec<u8>, u64, u8)>> {
    let listing = place.names()?;
    let mount = &place.mount;
    let mut entries = Vec::with_capacity(listing.len() + 2);
    entries.push((b".".to_vec(), mount.inode(&place.sub), libc::DT_DIR));
    entries.push((
        b"..".to_vec(),
        mount.inode(place.sub.parent()),
        libc::DT_DIR,
    ));
    for (name, kind) in listing {
        let Some(sub) = Subpath::new(&name) else {
            continue;
        };
        let inode = mount.inode(&place.sub.join(sub));
        let kind = match kind {
            Some(Kind::File) => libc::DT_REG,
            Some(Kind::Directory) => libc::DT_DIR,
            Some(Kind::Symlink) => libc::DT_LNK,
            None => libc::DT_UNKNOWN,
        };
        entries.push((name, inode, kind));
    }
    Ok(entries)
}

/// What a stream answers.
pub enum Read<T> {
    /// It is a real one.
    Real,
    /// There are no more names.
    End,
    /// What was taken of the next name.
    Entry(T),
}

/// The next name of a stream; `take` looks at it. The structure stays as it is until the next call for the same stream.
pub fn read<T>(stream: *mut libc::DIR, take: impl FnOnce(&mut libc::dirent64) -> T) -> Read<T> {
    if !KNOWN.may_hold(stream as usize) {
        return Read::Real;
    }
    let mut streams = STREAMS.lock();
    let Some(stream) = streams.get_mut(&(stream as usize)) else {
        return Read::Real;
    };
    while let Some((name, inode, kind)) = stream.entries.get(stream.next) {
        stream.next += 1;
        let entry = &mut *stream.handed_out;
        // A longer name than the structure holds could not be opened by it either.
        if name.len() >= entry.d_name.len() {
            continue;
        }
        entry.d_ino = *inode;
        entry.d_off = stream.next as _;
        entry.d_type = *kind;
        entry.d_reclen = std::mem::size_of::<libc::dirent64>() as u16;
        for (to, from) in entry.d_name.iter_mut().zip(name.iter().chain([&0])) {
            *to = *from as libc::c_char;
        }
        return Read::Entry(take(entry));
    }
    Read::End
}

/// The position in a stream; `None` for a real one.
pub fn tell(stream: *mut libc::DIR) -> Option<usize> {
    if !KNOWN.may_hold(stream as usize) {
        return None;
    }
    let streams = STREAMS.lock();
    streams.get(&(stream as usize)).map(|stream| stream.next)
}

/// Moves to a position that [`tell`] told; `false` for a real stream.
pub fn seek(stream: *mut libc::DIR, to: usize) -> bool {
    if !KNOWN.may_hold(stream as usize) {
        return false;
    }
    let mut streams = STREAMS.lock();
    match streams.get_mut(&(stream as usize)) {
        Some(stream) => {
            stream.next = to;
            true
        }
        None => false,
    }
}

/// Moves to the beginning and reads the directory anew; `false` for a real stream.
pub fn rewind(stream: *mut libc::DIR) -> bool {
    if !KNOWN.may_hold(stream as usize) {
        return false;
    }
    let key = stream as usize;
    let place = match STREAMS.lock().get(&key) {
        None => return false,
        Some(stream) if stream.is_fresh() => return true,
        Some(stream) => stream.place.clone(),
    };
    // Where it cannot be read any more, what was there before is shown again.
    let entries = entries(&place).ok();
    if let Some(stream) = STREAMS.lock().get_mut(&key) {
        stream.next = 0;
        if let Some(entries) = entries {
            stream.entries = entries;
        }
    }
    true
}

/// The stream is about to be closed, and its descriptor with it.
pub fn closing(stream: *mut libc::DIR) {
    let key = stream as usize;
    if !KNOWN.may_hold(key) {
        return;
    }
    let closed = STREAMS.lock().remove(&key);
    if closed.is_some() {
        KNOWN.remove(key);
        // SAFETY: a stream that is still open.
        fd_table::remove(unsafe { libc::dirfd(stream) });
    }
}
