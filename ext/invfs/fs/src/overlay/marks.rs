//! What a writable mount holds from one operation to the next: open directories, and the marks that it has read.
//!
//! # How it knows that what it has read still holds
//!
//! Whoever makes a mark counts, by the length of the file `lock`: it is odd while a mark is being made, and another even
//! number when it is there. No number comes twice. So what was read when the length was even, and had been looked at
//! before, holds as long as the length is the same. Where a process died while it made a mark the length
//! stays odd until the next mark, and everybody reads from disk.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::overlay::upper::Upper;
use crate::overlay::whiteout;
use crate::overlay::whiteout::{Hidden, MOST_NAMES};
use crate::sys::at;
use crate::sys::errno::{Answer, Errno};
use crate::sys::reserved_fd::ReservedFd;
use invfs_engine::path::components;
use invfs_engine::path::{Subpath, SubpathBuf};

/// How many directories are remembered.
const MOST_NODES: usize = 512;

pub(super) struct UpperCache {
    pub upper: Upper,
    identity: [(u64, u64); 3],
    /// The file whose length counts the marks, never locked through this descriptor.
    counter: ReservedFd,
    counter_identity: (u64, u64),
    lost: AtomicBool,
    // Replaced as a whole: a lock could be left locked in a forked child.
    known: ArcSwap<Known>,
}

/// What was read while the count was this.
#[derive(Default)]
struct Known {
    count: u64,
    nodes: HashMap<SubpathBuf, Arc<Hidden>>,
}

/// The marks at one moment.
pub(super) struct Marks<'a> {
    cache: &'a UpperCache,
    count: u64,
}

impl UpperCache {
    pub fn new(upper: Upper) -> Answer<UpperCache> {
        let upper = upper.out_of_the_way();
        let identity = upper.identity();
        let counter = ReservedFd::out_of_the_way(upper.lock_file(libc::O_PATH | libc::O_CLOEXEC)?);
        let meta = at::look_at(counter.get()?)?;
        Ok(UpperCache {
            upper,
            identity: identity.unwrap_or_default(),
            counter,
            counter_identity: (meta.dev, meta.ino),
            // A file system that does not count names.
            lost: AtomicBool::new(identity.is_none()),
            known: ArcSwap::default(),
        })
    }

    /// Whether nothing spoke against the open directories so far.
    pub fn is_trusted(&self) -> bool {
        !self.lost.load(Ordering::Relaxed)
    }

    /// Whether the open directories are what they were; once they are not, they are never used again.
    pub fn is_intact(&self) -> bool {
        if self.is_trusted() && self.upper.identity() != Some(self.identity) {
            self.lost.store(true, Ordering::Relaxed);
        }
        self.is_trusted()
    }

    /// The marks as they are now; `None` where they must be read from disk.
    pub fn marks(&self) -> Option<Marks<'_>> {
        let found = self.counter.get().and_then(at::look_at);
        let found = found
            .ok()
            .filter(|meta| !meta.is_gone && (meta.dev, meta.ino) == self.counter_identity);
        let Some(meta) = found else {
            self.lost.store(true, Ordering::Relaxed);
            return None;
        };
        (meta.size % 2 == 0).then_some(Marks {
            cache: self,
            count: meta.size,
        })
    }

    /// Somebody who holds the lock hid `path`, by which the count went from `before` to `after`.
    pub fn hid(&self, path: &Subpath, before: u64, after: u64) {
        self.known.rcu(|known| {
            if known.count != before {
                return known.clone();
            }
            let mut nodes = known.nodes.clone();
            let mut above = path;
            while !above.is_root() {
                above = above.parent();
                nodes.remove(above);
            }
            Arc::new(Known {
                count: after,
                nodes,
            })
        });
    }
}

impl Marks<'_> {
    /// Whether a mark hides the lower layer's `path`.
    pub fn hide(&self, path: &Subpath) -> Answer<bool> {
        let mut directory = SubpathBuf::default();
        for name in components(path.as_bytes()) {
            let node = self.node(&directory)?;
            if self.has(&node, &directory, name)? {
                return Ok(true);
            }
            if !node.below {
                return Ok(false);
            }
            directory = directory.join(Subpath::new(name).ok_or(Errno(libc::ENOENT))?);
        }
        Ok(false)
    }

    /// Whether the node of `directory` hides `name`.
    pub fn has(&self, node: &Hidden, directory: &Subpath, name: &[u8]) -> Answer<bool> {
        match &node.names {
            Some(names) => Ok(names.contains(name)),
            None => whiteout::is_marked(self.cache.upper.whiteouts()?, directory, name),
        }
    }

    /// What is hidden in `directory`.
    pub fn node(&self, directory: &Subpath) -> Answer<Arc<Hidden>> {
        let known = self.cache.known.load();
        if known.count == self.count {
            if let Some(node) = known.nodes.get(directory) {
                return Ok(node.clone());
            }
        }
        drop(known);
        let node = Arc::new(whiteout::read(
            self.cache.upper.whiteouts()?,
            directory,
            MOST_NAMES,
        )?);
        self.cache.known.rcu(|known| {
            let mut nodes = match known.count == self.count && known.nodes.len() < MOST_NODES {
                true => known.nodes.clone(),
                false => HashMap::new(),
            };
            nodes.insert(directory.to_owned(), node.clone());
            Known {
                count: self.count,
                nodes,
            }
        });
        Ok(node)
    }
}
