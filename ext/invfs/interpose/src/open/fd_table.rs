//! What descriptors of the process stand for.
//!
//! While one descriptor of a file is open whose contents never change, others share what it has. So a lock on the file
//! excludes others in this process and in its forked children, and a file that is open many times is in memory once.

use std::cell::LazyCell;
use std::collections::BTreeMap;
use std::hash::BuildHasher;
use std::ops::RangeInclusive;
use std::os::fd::RawFd;
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::open::filter::Filter;
use crate::open::parts::Parts;
use crate::open::reader::Reader;
use invfs_engine::path::{Subpath, SubpathBuf};
use invfs_fs::buffered::Buffered;
use invfs_fs::mounts::Place;
use invfs_fs::sys::errno::Answer;
use invfs_fs::sys::fork::{self, ForkMutex};
use invfs_fs::sys::memfd;

/// What a descriptor stands for; a duplicate stands for the same.
#[derive(Clone)]
pub enum Description {
    /// A directory of a mount. The descriptor is one of the empty directory.
    Directory(Place),
    /// A file whose contents never change.
    Read(Reader),
    /// A large file of which only what is read is asked for.
    Parts(Arc<Parts>),
    /// A file that is handed to its file system when the last descriptor is closed. Each entry of the table counts there.
    Written(Arc<Buffered>),
}

#[derive(Default)]
struct Table {
    descriptions: BTreeMap<RawFd, Description>,
    /// For each file that is read, by the hash of its place, one of its descriptors, and how many there are.
    read: HashMap<u64, (RawFd, usize), RandomState>,
    hasher: RandomState,
}

static TABLE: ForkMutex<LazyCell<Table>> = ForkMutex::new(LazyCell::new(Table::default));
invfs_fs::survives_fork!(TABLE, Outer);
invfs_fs::in_forked_child!(disown);

static KNOWN: Filter = Filter::new();
/// The descriptors of files that are read in parts.
static PARTS: Filter = Filter::new();

impl Table {
    fn hash(&self, place: &Place) -> u64 {
        self.hasher.hash_one((place.mount.id, &place.sub))
    }

    /// Whether no descriptor reads the file at `place`.
    fn is_unread(&self, place: &Place) -> bool {
        !self.read.contains_key(&self.hash(place))
    }

    fn insert(&mut self, fd: RawFd, description: Description) -> Option<Description> {
        let old = self.remove(fd);
        if let Description::Read(reader) = &description {
            let of_file = self.read.entry(self.hash(&reader.place)).or_default();
            *of_file = (fd, of_file.1 + 1);
        }
        KNOWN.add(fd as usize);
        if let Description::Parts(_) = &description {
            PARTS.add(fd as usize);
        }
        self.descriptions.insert(fd, description);
        old
    }

    fn remove(&mut self, fd: RawFd) -> Option<Description> {
        let description = self.descriptions.remove(&fd)?;
        KNOWN.remove(fd as usize);
        match &description {
            Description::Read(reader) => self.forget_reader(fd, &reader.place),
            Description::Parts(_) => PARTS.remove(fd as usize),
            _ => {}
        }
        Some(description)
    }

    fn forget_reader(&mut self, fd: RawFd, place: &Place) {
        let hash = self.hash(place);
        let is_same = |(other, description): (&RawFd, &Description)| match description {
            Description::Read(reader) if self.hash(&reader.place) == hash => Some(*other),
            _ => None,
        };
        let left = match self.read.get(&hash) {
            // It stands for the file's other descriptors.
            Some((known, count)) if *known == fd && *count > 1 => {
                let other = self.descriptions.iter().find_map(is_same);
                other.map(|other| (other, count - 1))
            }
            Some((known, count)) if *count > 1 => Some((*known, count - 1)),
            _ => None,
        };
        match left {
            Some(left) => drop(self.read.insert(hash, left)),
            None => drop(self.read.remove(&hash)),
        }
    }
}

/// Whether the table may have the descriptor.
pub fn may_have(fd: RawFd) -> bool {
    fd >= 0 && KNOWN.may_hold(fd as usize)
}

/// Whether the descriptor may be one of a file that is read in parts.
pub fn may_be_in_parts(fd: RawFd) -> bool {
    fd >= 0 && PARTS.may_hold(fd as usize)
}

/// Notes what an open descriptor stands for. In the child of a `vfork`, which has descriptors of its own and its parent's
/// memory, nothing is noted.
pub fn insert(fd: RawFd, description: Description) {
    if !fork::owns_memory() {
        return;
    }
    let old = TABLE.lock().insert(fd, description);
    // Closed where there is no hook, and nobody asks how that went.
    if let Some(Description::Written(file)) = old {
        let _ = file.release();
    }
}

/// What the descriptor stood for when it was last seen.
pub fn get(fd: RawFd) -> Option<Description> {
    match may_have(fd) {
        true => TABLE.lock().descriptions.get(&fd).cloned(),
        false => None,
    }
}

/// Whether the descriptor is one of a file that is handed over.
pub fn is_written(fd: RawFd) -> bool {
    may_have(fd)
        && matches!(
            TABLE.lock().descriptions.get(&fd),
            Some(Description::Written(_))
        )
}

/// The file that the descriptor reads. A descriptor that was closed where there is no hook is forgotten.
pub fn reader(fd: RawFd) -> Option<Reader> {
    let Description::Read(reader) = get(fd)? else {
        return None;
    };
    if memfd::metadata(fd).is_ok_and(|found| found.st_ino == reader.inode) {
        return Some(reader);
    }
    remove(fd);
    None
}

/// A descriptor that reads the file at `place`, and the file's inode in memory.
pub fn reader_at(place: &Place) -> Option<(RawFd, u64)> {
    let (fd, _) = {
        let table = TABLE.lock();
        *table.read.get(&table.hash(place))?
    };
    let reader = reader(fd)?;
    let is_it = reader.place.mount.id == place.mount.id && reader.place.sub == place.sub;
    is_it.then_some((fd, reader.inode))
}

/// The descriptor is about to be locked: who holds what it has open would hold the lock, too.
pub fn lock(fd: RawFd) {
    if let Some(Description::Read(reader)) = get(fd) {
        let mut table = TABLE.lock();
        for description in table.descriptions.values_mut() {
            match description {
                Description::Read(found) if found.is_same_opening(&reader) => found.holdable = None,
                _ => {}
            }
        }
    }
}

/// All descriptors of one opening: `fd`, which is one of them, and its duplicates.
pub fn same_opening(fd: RawFd, reader: &Reader) -> Vec<RawFd> {
    let is_same = |(other, description): (&RawFd, &Description)| match description {
        Description::Read(found) if found.is_same_opening(reader) => Some(*other),
        _ => None,
    };
    let found: Vec<RawFd> = TABLE
        .lock()
        .descriptions
        .iter()
        .filter_map(is_same)
        .collect();
    let is_open = |other: &RawFd| *other == fd || self::reader(*other).is_some();
    found.into_iter().filter(is_open).collect()
}

/// The descriptors that read files of a mount, with the names these were opened by, where `concerns` says yes.
pub fn readers(mount: u64, concerns: impl Fn(&Subpath) -> bool) -> Vec<(RawFd, SubpathBuf)> {
    let name = |(fd, description): (&RawFd, &Description)| match description {
        Description::Read(Reader { place, .. })
            if place.mount.id == mount && concerns(&place.sub) =>
        {
            Some((*fd, place.sub.clone()))
        }
        _ => None,
    };
    TABLE.lock().descriptions.iter().filter_map(name).collect()
}

/// The descriptors of files that are read in parts.
pub fn in_parts() -> Vec<(RawFd, Arc<Parts>)> {
    let in_parts = |(fd, description): (&RawFd, &Description)| match description {
        Description::Parts(parts) => Some((*fd, parts.clone())),
        _ => None,
    };
    let table = TABLE.lock();
    table.descriptions.iter().filter_map(in_parts).collect()
}

/// The directories of mounts that are open.
pub fn directories() -> Vec<(RawFd, Place)> {
    let directory = |(fd, description): (&RawFd, &Description)| match description {
        Description::Directory(place) => Some((*fd, place.clone())),
        _ => None,
    };
    let table = TABLE.lock();
    table.descriptions.iter().filter_map(directory).collect()
}

/// The file or directory that the descriptor stands for has another name now.
pub fn move_to(fd: RawFd, place: Place) {
    let mut table = TABLE.lock();
    let moved = match table.descriptions.get(&fd) {
        Some(Description::Directory(_)) => Description::Directory(place),
        Some(Description::Read(reader)) => Description::Read(reader.renamed(place)),
        _ => return,
    };
    let old = table.insert(fd, moved);
    drop(table);
    drop(old);
}

/// Forgets the descriptor.
pub fn remove(fd: RawFd) -> Option<Description> {
    if !may_have(fd) || !fork::owns_memory() {
        return None;
    }
    TABLE.lock().remove(fd)
}

/// `copy` is a duplicate of `fd` now.
pub fn duplicated(fd: RawFd, copy: RawFd) {
    if !fork::owns_memory() {
        fork::shared_with_child();
        return;
    }
    let description = match get(fd) {
        Some(Description::Read(_)) => reader(fd).map(Description::Read),
        description => description,
    };
    if let Some(description) = description {
        if let Description::Written(file) = &description {
            file.retain();
        }
        insert(copy, description);
    }
}

/// What stood behind descriptors that are about to be closed.
#[must_use]
#[derive(Default)]
pub struct Closing {
    written: Vec<Arc<Buffered>>,
    /// The file that is read, if no other descriptor of it is known.
    pub last_reader: Option<Reader>,
}

impl Closing {
    /// The descriptors are closed, or another file's: hands the contents over of each file that has none any more. The first
    /// error is the answer.
    pub fn closed(self) -> Answer<()> {
        let mut answer = Ok(());
        for file in &self.written {
            answer = answer.and(file.release());
        }
        answer
    }
}

/// The descriptor is about to be closed, whatever becomes of its contents.
pub fn closing(fd: RawFd) -> Closing {
    match remove(fd) {
        Some(Description::Written(file)) => Closing {
            written: vec![file],
            last_reader: None,
        },
        Some(Description::Read(reader)) => Closing {
            written: Vec::new(),
            last_reader: TABLE.lock().is_unread(&reader.place).then_some(reader),
        },
        _ => Closing::default(),
    }
}

/// All descriptors of a range are about to be closed.
pub fn closing_all(range: RangeInclusive<u32>) -> Closing {
    let known: Vec<RawFd> = TABLE.lock().descriptions.keys().copied().collect();
    let known = known.into_iter().filter(|fd| range.contains(&(*fd as u32)));
    Closing {
        written: known.flat_map(|fd| closing(fd).written).collect(),
        last_reader: None,
    }
}

/// Hands over what a written file holds so far.
pub fn hand_over(fd: RawFd) -> Answer<()> {
    match get(fd) {
        Some(Description::Written(file)) if fork::owns_memory() => file.hand_over(),
        _ => Ok(()),
    }
}

/// In a forked child: written files belong to the parent, which will hand them over.
fn disown() {
    let mut table = TABLE.lock();
    table.descriptions.retain(|fd, description| {
        let Description::Written(file) = description else {
            return true;
        };
        KNOWN.remove(*fd as usize);
        // Dropping the last one could call into whatever the parent's threads were doing.
        std::mem::forget(file.clone());
        false
    });
}
