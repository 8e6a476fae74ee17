//! One operation on the union: the directories that it has open and what it knows of the lower layer.

use std::cell::RefCell;
use std::ffi::CStr;
use std::os::fd::OwnedFd;

use crate::file_system::FileSystem;
use crate::overlay::lower::Lower;
use crate::overlay::marks::{Marks, UpperCache};
use crate::overlay::upper::Upper;
use crate::sys::at;
use crate::sys::errno::{Answer, Errno};
use invfs_engine::path::Subpath;

/// How often an operation starts again because somebody else changed what it just saw.
const TRIES: usize = 100;

pub(super) struct Operation<'a> {
    upper: Which<'a>,
    pub lower: Lower<'a>,
    /// Where the link leads that made a lookup fail with `LEADS_OUT`.
    pub way_out: RefCell<Option<Vec<u8>>>,
}

enum Which<'a> {
    Cached(&'a UpperCache),
    /// What was cached is no longer what it was.
    Opened(Upper),
}

impl<'a> Operation<'a> {
    /// With the directories that are cached, if these are still the right ones, else those at `upper`.
    pub fn new(
        lower: &'a dyn FileSystem,
        upper: &CStr,
        cache: Option<&'a UpperCache>,
    ) -> Answer<Operation<'a>> {
        let upper = match cache.filter(|cache| cache.is_intact()) {
            Some(cache) => Which::Cached(cache),
            None => Which::Opened(Upper::open(upper)?),
        };
        Ok(Operation {
            upper,
            lower: Lower::new(lower),
            way_out: RefCell::default(),
        })
    }

    pub fn upper(&self) -> &Upper {
        match &self.upper {
            Which::Cached(cache) => &cache.upper,
            Which::Opened(upper) => upper,
        }
    }

    /// The marks as they are now; `None` where they must be read from disk.
    pub fn marks(&self) -> Option<Marks<'_>> {
        match &self.upper {
            Which::Cached(cache) => cache.marks(),
            Which::Opened(_) => None,
        }
    }

    /// See [`UpperCache::hid`].
    pub fn hid(&self, path: &Subpath, before: u64, after: u64) {
        if let Which::Cached(cache) = &self.upper {
            cache.hid(path, before, after);
        }
    }

    /// Runs `act` while nobody else changes anything; see [`Lower::locked`] for what `act` must keep to.
    pub fn locked<T>(&self, act: impl FnMut() -> Answer<T>) -> Answer<T> {
        self.lower.locked(|| self.upper().lock(), act)
    }

    /// Runs `act` until it comes to an end: `None` says that somebody else came in between.
    pub fn until_settled<T>(&self, mut act: impl FnMut() -> Answer<Option<T>>) -> Answer<T> {
        for _ in 0..TRIES {
            if let Some(result) = act()? {
                return Ok(result);
            }
        }
        Err(Errno(libc::EBUSY))
    }

    /// Whether the upper directory takes changes at all.
    pub fn upper_can_change(&self) -> Answer<()> {
        at::access(self.upper().root()?, libc::W_OK)
    }

    pub fn root(&self) -> Answer<OwnedFd> {
        at::open(self.upper().root()?, at::HERE, at::DIRECTORY, 0)
    }
}
