//! Open files whose contents never change: while one descriptor of such a file is open, others share what it has.
//!
//! So a lock on the file excludes others in this process and in its forked children, and a file that is open many times is
//! in memory once. Calls that change a file by its descriptor find out here which file that is.

use std::cell::LazyCell;
use std::collections::BTreeMap;
use std::hash::BuildHasher;
use std::ops::RangeInclusive;
use std::os::fd::RawFd;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::open::filter::Filter;
use invfs_engine::path::{Subpath, SubpathBuf};
use invfs_fs::mounts::Place;
use invfs_fs::sys::fork::{self, ForkMutex};
use invfs_fs::sys::memfd;

/// A descriptor, its file, and the inode in memory, by which can be seen whether it is still that file's.
#[derive(Clone)]
struct Reader {
    place: Place,
    inode: u64,
    hash: u64,
}

#[derive(Default)]
struct Readers {
    descriptors: BTreeMap<RawFd, Reader>,
    /// For each file, by the hash of its place, one of its descriptors, and how many there are.
    files: HashMap<u64, (RawFd, usize), RandomState>,
    hasher: RandomState,
}

static READERS: ForkMutex<LazyCell<Readers>> = ForkMutex::new(LazyCell::new(Readers::default));
invfs_fs::survives_fork!(READERS, Outer);

static KNOWN: Filter = Filter::new();

impl Readers {
    fn hash(&self, place: &Place) -> u64 {
        self.hasher.hash_one((place.mount.id, &place.sub))
    }

    fn insert(&mut self, fd: RawFd, reader: Reader) {
        self.remove(fd);
        KNOWN.add(fd as usize);
        let of_file = self.files.entry(reader.hash).or_insert((fd, 0));
        *of_file = (fd, of_file.1 + 1);
        self.descriptors.insert(fd, reader);
    }

    fn remove(&mut self, fd: RawFd) -> Option<Reader> {
        let reader = self.descriptors.remove(&fd)?;
        KNOWN.remove(fd as usize);
        let same = |(_, other): &(&RawFd, &Reader)| other.hash == reader.hash;
        match self.files.get_mut(&reader.hash) {
            Some((_, 1)) => drop(self.files.remove(&reader.hash)),
            Some((known, count)) => {
                *count -= 1;
                if *known == fd {
                    if let Some((other, _)) = self.descriptors.iter().find(same) {
                        *known = *other;
                    }
                }
            }
            None => {}
        }
        Some(reader)
    }
}

/// Notes a new descriptor of the file at `place`, which has this inode in memory.
pub fn insert(fd: RawFd, place: &Place, inode: u64) {
    if !fork::owns_memory() {
        return;
    }
    let mut readers = READERS.lock();
    let reader = Reader {
        place: place.clone(),
        inode,
        hash: readers.hash(place),
    };
    readers.insert(fd, reader);
}

fn is_its(fd: RawFd, reader: &Reader) -> bool {
    memfd::metadata(fd).is_ok_and(|found| found.st_ino == reader.inode)
}

/// Whether the descriptor may be one of those.
pub fn may_have(fd: RawFd) -> bool {
    fd >= 0 && KNOWN.may_hold(fd as usize)
}

/// The reader that a descriptor has. One that was closed where there is no hook is forgotten.
fn reader(fd: RawFd) -> Option<Reader> {
    if !may_have(fd) {
        return None;
    }
    let reader = READERS.lock().descriptors.get(&fd).cloned()?;
    if is_its(fd, &reader) {
        return Some(reader);
    }
    if fork::owns_memory() {
        drop(READERS.lock().remove(fd));
    }
    None
}

/// The file of a descriptor.
pub fn place(fd: RawFd) -> Option<Place> {
    Some(reader(fd)?.place)
}

/// An open descriptor of the file at `place`, and its inode in memory.
pub fn open_at(place: &Place) -> Option<(RawFd, u64)> {
    let fd = {
        let readers = READERS.lock();
        let (fd, _) = readers.files.get(&readers.hash(place))?;
        *fd
    };
    let reader = reader(fd)?;
    let is_it = reader.place.mount.id == place.mount.id && reader.place.sub == place.sub;
    is_it.then_some((fd, reader.inode))
}

/// The open files of a mount, by the names that they were opened by, for which `concerns` says yes.
pub fn names(mount: u64, concerns: impl Fn(&Subpath) -> bool) -> Vec<(RawFd, SubpathBuf)> {
    let readers = READERS.lock();
    let of_mount = |(_, reader): &(&RawFd, &Reader)| {
        reader.place.mount.id == mount && concerns(&reader.place.sub)
    };
    let name = |(fd, reader): (&RawFd, &Reader)| (*fd, reader.place.sub.clone());
    readers
        .descriptors
        .iter()
        .filter(of_mount)
        .map(name)
        .collect()
}

/// The file of a descriptor has another name now.
pub fn move_to(fd: RawFd, place: Place) {
    let mut readers = READERS.lock();
    if let Some(mut reader) = readers.remove(fd) {
        reader.hash = readers.hash(&place);
        reader.place = place;
        readers.insert(fd, reader);
    }
}

/// The descriptor is about to be closed.
pub fn closing(fd: RawFd) {
    if fd >= 0 && KNOWN.may_hold(fd as usize) && fork::owns_memory() {
        let gone = READERS.lock().remove(fd);
        drop(gone);
    }
}

/// All descriptors of a range are about to be closed.
pub fn closing_all(range: RangeInclusive<u32>) {
    let known: Vec<RawFd> = READERS.lock().descriptors.keys().copied().collect();
    known
        .into_iter()
        .filter(|fd| range.contains(&(*fd as u32)))
        .for_each(closing);
}

/// `copy` is a duplicate of `fd` now.
pub fn duplicated(fd: RawFd, copy: RawFd) {
    if let Some(reader) = reader(fd) {
        if fork::owns_memory() {
            READERS.lock().insert(copy, reader);
        }
    }
}
