//! Contents that were read, as files in memory that can be opened again.

use std::cell::LazyCell;
use std::hash::BuildHasher;
use std::os::fd::AsRawFd;
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashSet;
use lru::LruCache;
use rustix::process::{getrlimit, Resource};

use invfs_engine::path::SubpathBuf;
use invfs_fs::mounts::Place;
use invfs_fs::sys::fork::ForkMutex;
use invfs_fs::sys::reserved_fd::ReservedFd;

/// How much is held together.
const BYTES: u64 = 64 << 20;
/// A larger file is made anew each time.
const FILE: u64 = 8 << 20;
/// As long as no more is held together, small files are held that were opened once.
const ROOMY: u64 = BYTES / 4;
/// A small file.
const SMALL: u64 = 64 << 10;
/// How many files are remembered to have been opened once.
const OPENED_ONCE: usize = 4096;

/// Contents that can be opened again.
pub static CACHE: ForkMutex<LazyCell<Cache>> = ForkMutex::new(LazyCell::new(Cache::default));
invfs_fs::survives_fork!(CACHE, Outer);

/// A bounded number of files, those used last.
pub struct Cache {
    /// By the hash of the place. Two places with one hash take turns.
    files: LruCache<u64, Cached, RandomState>,
    hasher: RandomState,
    /// Hashes of files that were opened once, and are not held: most files are read once.
    opened_once: HashSet<u64, RandomState>,
    bytes: u64,
    /// How many descriptors may be held; 0 before the first use.
    capacity: usize,
}

impl Default for Cache {
    fn default() -> Cache {
        Cache {
            files: LruCache::unbounded_with_hasher(RandomState::default()),
            hasher: RandomState::default(),
            opened_once: HashSet::default(),
            bytes: 0,
            capacity: 0,
        }
    }
}

/// A file that is held.
pub struct Cached {
    mount: u64,
    sub: SubpathBuf,
    /// The file.
    pub file: Arc<ReservedFd>,
    inode: u64,
    size: u64,
}

impl Cached {
    fn is_at(&self, place: &Place) -> bool {
        self.mount == place.mount.id && *self.sub == *place.sub
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

impl Cache {
    fn hash_of(&self, place: &Place) -> u64 {
        self.hasher.hash_one((place.mount.id, &place.sub))
    }

    /// The file at `place`, and its inode number, by which can be seen whether it is still that file.
    pub fn get(&mut self, place: &Place) -> Option<(Arc<ReservedFd>, u64)> {
        let hash = self.hash_of(place);
        let cached = self.files.get(&hash)?;
        cached
            .is_at(place)
            .then(|| (cached.file.clone(), cached.inode))
    }

    /// Whether a file of this length shall be held: a small one that was opened before, as far as is remembered.
    pub fn wants(&mut self, place: &Place, size: u64) -> bool {
        if self.opened_once.len() >= OPENED_ONCE {
            self.opened_once.clear();
        }
        let hash = self.hash_of(place);
        size <= FILE && !self.opened_once.insert(hash)
    }

    /// Whether a file of this length shall be held that was opened once: a small one for which nothing has to go.
    pub fn has_room(&mut self, place: &Place, size: u64) -> bool {
        size <= SMALL
            && self.bytes + size <= ROOMY
            && self.files.len() < self.capacity()
            && !self.files.contains(&self.hash_of(place))
    }

    fn capacity(&mut self) -> usize {
        if self.capacity == 0 {
            self.capacity = capacity();
        }
        self.capacity
    }

    /// Takes the file in, which has this inode number; what has to go for it is handed back, to be closed without a lock.
    pub fn put(
        &mut self,
        place: &Place,
        file: Arc<ReservedFd>,
        inode: u64,
        size: u64,
    ) -> Vec<Cached> {
        let capacity = self.capacity();
        let hash = self.hash_of(place);
        let mut gone: Vec<Cached> = self.remove(hash).into_iter().collect();
        while self.files.len() >= capacity || self.bytes + size > BYTES {
            let Some((oldest, _)) = self.files.peek_lru() else {
                break;
            };
            gone.extend(self.remove(*oldest));
        }
        self.bytes += size;
        let cached = Cached {
            mount: place.mount.id,
            sub: place.sub.clone(),
            file,
            inode,
            size,
        };
        self.files.put(hash, cached);
        gone
    }

    fn remove(&mut self, hash: u64) -> Option<Cached> {
        let gone = self.files.pop(&hash)?;
        self.bytes -= gone.size;
        Some(gone)
    }

    /// Takes out those that `goes` says.
    pub fn take(&mut self, goes: impl Fn(&Cached) -> bool) -> Vec<Cached> {
        let all = self.files.iter();
        let hashes: Vec<u64> = all
            .filter_map(|(hash, cached)| goes(cached).then_some(*hash))
            .collect();
        let gone = hashes.into_iter().filter_map(|hash| self.remove(hash));
        gone.collect()
    }
}

/// A quarter of the descriptors that the process may have, and never more than a thousand.
fn capacity() -> usize {
    let limit = getrlimit(Resource::Nofile).current;
    (limit.unwrap_or(u64::MAX) / 4).clamp(16, 1024) as usize
}
