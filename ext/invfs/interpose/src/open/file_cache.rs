//! Contents that were read, as files in memory that can be opened again.

use std::cell::LazyCell;
use std::hash::{BuildHasher, Hash};
use std::os::fd::AsRawFd;
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::{HashSet, HashTable};
use rustix::process::{getrlimit, Resource};

use invfs_engine::path::SubpathBuf;
use invfs_fs::mounts::Place;
use invfs_fs::sys::at;
use invfs_fs::sys::fork::ForkMutex;
use invfs_fs::sys::reserved_fd::ReservedFd;

/// How much is held together.
const BYTES: u64 = 64 << 20;
/// A larger file is made anew each time.
const FILE: u64 = 8 << 20;
/// How many files are remembered to have been opened once.
const OPENED_ONCE: usize = 4096;

/// Contents that can be opened again.
pub static CACHE: ForkMutex<LazyCell<Cache>> = ForkMutex::new(LazyCell::new(Cache::default));
invfs_fs::survives_fork!(CACHE, Outer);

/// A bounded number of files, those used last.
#[derive(Default)]
pub struct Cache {
    files: HashTable<Cached>,
    hasher: RandomState,
    /// Hashes of files that were opened once, and are not held: most files are read once.
    opened_once: HashSet<u64, RandomState>,
    bytes: u64,
    clock: u64,
    /// How many descriptors may be held; 0 before the first use.
    capacity: usize,
}

/// A file that is held.
pub struct Cached {
    mount: u64,
    sub: SubpathBuf,
    /// The file.
    pub file: Arc<ReservedFd>,
    inode: u64,
    size: u64,
    used: u64,
}

impl Cached {
    fn is_at(&self, place: &Place) -> bool {
        self.mount == place.mount.id && *self.sub == *place.sub
    }

    fn hash(&self, hasher: &RandomState) -> u64 {
        hash(hasher, self.mount, &self.sub)
    }

    /// Whether it belongs to the mount.
    pub fn is_in(&self, mount: u64) -> bool {
        self.mount == mount
    }

    /// Whether it has this descriptor.
    pub fn has(&self, fd: i32) -> bool {
        self.file.as_raw_fd() == fd
    }
}

fn hash(hasher: &RandomState, mount: u64, sub: &impl Hash) -> u64 {
    hasher.hash_one((mount, sub))
}

impl Cache {
    fn hash_of(&self, place: &Place) -> u64 {
        hash(&self.hasher, place.mount.id, &place.sub)
    }

    /// The file at `place`, and its inode number, by which can be seen whether it is still that file.
    pub fn get(&mut self, place: &Place) -> Option<(Arc<ReservedFd>, u64)> {
        let hash = self.hash_of(place);
        self.clock += 1;
        let cached = self.files.find_mut(hash, |cached| cached.is_at(place))?;
        cached.used = self.clock;
        Some((cached.file.clone(), cached.inode))
    }

    /// Whether a file of this length shall be held: a small one that was opened before, as far as is remembered.
    pub fn wants(&mut self, place: &Place, size: u64) -> bool {
        if self.opened_once.len() >= OPENED_ONCE {
            self.opened_once.clear();
        }
        let hash = self.hash_of(place);
        size <= FILE && !self.opened_once.insert(hash)
    }

    /// Takes the file in; what has to go for it is handed back, to be closed without a lock.
    pub fn put(&mut self, place: &Place, file: Arc<ReservedFd>, size: u64) -> Vec<Cached> {
        if self.capacity == 0 {
            self.capacity = capacity();
        }
        let hash = self.hash_of(place);
        let mut gone = Vec::new();
        if let Ok(known) = self.files.find_entry(hash, |cached| cached.is_at(place)) {
            let (old, _) = known.remove();
            self.bytes -= old.size;
            gone.push(old);
        }
        if self.files.len() >= self.capacity || self.bytes + size > BYTES {
            gone.extend(self.shrink());
        }
        self.clock += 1;
        self.bytes += size;
        let cached = Cached {
            mount: place.mount.id,
            sub: place.sub.clone(),
            inode: file
                .get()
                .and_then(at::look_at)
                .map_or(0, |found| found.ino),
            file,
            size,
            used: self.clock,
        };
        let hasher = &self.hasher;
        self.files
            .insert_unique(hash, cached, |other| other.hash(hasher));
        gone
    }

    /// Takes out the quarter that was not used for the longest time.
    pub fn shrink(&mut self) -> Vec<Cached> {
        let mut ages: Vec<u64> = self.files.iter().map(|cached| cached.used).collect();
        ages.sort_unstable();
        let limit = ages.get(ages.len() / 4).copied().unwrap_or(u64::MAX);
        self.take(|cached| cached.used <= limit)
    }

    /// Takes out those that `goes` says.
    pub fn take(&mut self, goes: impl Fn(&Cached) -> bool) -> Vec<Cached> {
        let gone: Vec<Cached> = self.files.extract_if(|cached| goes(cached)).collect();
        self.bytes -= gone.iter().map(|cached| cached.size).sum::<u64>();
        gone
    }
}

/// A quarter of the descriptors that the process may have, and never more than a thousand.
fn capacity() -> usize {
    let limit = getrlimit(Resource::Nofile).current;
    (limit.unwrap_or(u64::MAX) / 4).clamp(16, 1024) as usize
}
