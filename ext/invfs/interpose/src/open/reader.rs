//! Files that are open for reading, and what has happened since they were opened.

use std::sync::atomic::{AtomicU64, Ordering};

use invfs_fs::mounts::{self, Place};
use invfs_fs::sys::fork;

/// A file that is open for reading.
#[derive(Clone)]
pub struct Reader {
    /// The file.
    pub place: Place,
    /// Its inode in memory, by which can be seen whether a descriptor is still this file's.
    pub inode: u64,
    /// Since when the file may be held when it is closed, if it may.
    pub holdable: Option<Since>,
    /// Which opening of it this is: its duplicates have the same.
    opening: u64,
}

impl Reader {
    /// A new opening of the file at `place`.
    pub fn new(place: &Place, inode: u64, holdable: Option<Since>) -> Reader {
        static OPENINGS: AtomicU64 = AtomicU64::new(0);
        Reader {
            place: place.clone(),
            inode,
            holdable,
            opening: OPENINGS.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// Whether the other describes a duplicate.
    pub fn is_same_opening(&self, other: &Reader) -> bool {
        self.opening == other.opening
    }

    /// The same opening; the file has another name.
    pub fn renamed(&self, place: Place) -> Reader {
        Reader {
            place,
            holdable: None,
            ..self.clone()
        }
    }

    /// The same opening, with the contents in another inode; it is locked there.
    pub fn moved_to(&self, inode: u64) -> Reader {
        Reader {
            inode,
            holdable: None,
            ..self.clone()
        }
    }
}

/// A time at which something was opened: what has happened since.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Since {
    /// By this can be seen whether a child may have the opening, and its locks.
    children: u32,
    /// By this can be seen whether the mount may be gone.
    mounts: u64,
}

impl Since {
    /// What is opened now.
    pub fn now() -> Since {
        Since {
            children: fork::children(),
            mounts: mounts::generation(),
        }
    }
}
