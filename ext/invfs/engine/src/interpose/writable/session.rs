//! One operation on the union: the directories that it has open and what it knows of the lower layer.

use std::ffi::CStr;
use std::os::fd::{AsFd, OwnedFd};

use super::lower::Lower;
use super::private::Upper;
use super::sys;
use crate::interpose::errno::{Answer, Errno};
use crate::interpose::served::Served;

/// How often an operation starts again because somebody else changed what it just saw.
const TRIES: usize = 100;

pub(super) struct Session<'a> {
    pub upper: Upper,
    pub lower: Lower<'a>,
}

impl<'a> Session<'a> {
    pub fn new(lower: &'a dyn Served, upper: &CStr) -> Answer<Session<'a>> {
        Ok(Session {
            upper: Upper::open(upper)?,
            lower: Lower::new(lower),
        })
    }

    /// Runs `act` while nobody else changes anything; see [`Lower::locked`] for what `act` must keep to.
    pub fn locked<T>(&self, act: impl FnMut() -> Answer<T>) -> Answer<T> {
        self.lower.locked(|| self.upper.lock(), act)
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
        sys::access(self.upper.root.as_fd(), libc::W_OK)
    }

    pub fn root(&self) -> Answer<OwnedFd> {
        sys::open(self.upper.root.as_fd(), sys::HERE, sys::DIRECTORY, 0)
    }
}
