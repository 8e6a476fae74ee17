//! Copying up: what only the lower layer has appears in the upper layer, and nobody sees a difference.

use std::os::fd::{AsFd, BorrowedFd};

use super::resolve::{components, Here, Spot};
use super::session::Session;
use super::sys;
use super::work;
use crate::interpose::errno::{Answer, Errno};
use crate::interpose::served::{Node, Time};
use crate::path::Subpath;
use crate::vfs::Kind;

/// What only the lower layer has at this spot.
pub(super) fn only_lower(spot: &Spot) -> Answer<Option<Node>> {
    let entry = spot.existing()?;
    Ok(entry.lower.filter(|_| entry.upper.is_none()))
}

impl Session<'_> {
    /// Sees to it that the upper layer has what stands under `path`, which has no link in it.
    ///
    /// `ENOENT` where there is nothing, also if somebody took it away meanwhile. The lock is not held.
    pub fn copy_up(&self, path: &Subpath) -> Answer<()> {
        let Some(node) = only_lower(&self.at(path)?)? else {
            return Ok(());
        };
        match node.kind {
            Kind::Directory => self.locked(|| self.upper_directory(path).map(drop)),
            Kind::Symlink => {
                let target = self.lower.link(path)?;
                self.locked(|| self.appear(path, || self.prepare_link(&target, &node)))
            }
            Kind::File => {
                let ready = self.prepare(&self.lower.contents(path)?, &node)?;
                let result = self.locked(|| {
                    self.appear(path, || {
                        ready.release()?;
                        Ok(ready.name.clone())
                    })
                });
                // Where it appeared the work directory has it no more.
                self.discard(&ready.name);
                result
            }
        }
    }

    /// Moves what `prepare` makes to `path`, unless the upper layer has something there by now.
    fn appear(&self, path: &Subpath, prepare: impl FnOnce() -> Answer<Vec<u8>>) -> Answer<()> {
        if only_lower(&self.at(path)?)?.is_none() {
            return Ok(());
        }
        let parent = self.upper_directory(path.parent())?;
        let name = prepare()?;
        self.move_up(&name, parent.upper()?, path.file_name())
    }

    /// The directory under `path`, which has no link in it, made in the upper layer if it is not there. The caller
    /// holds the lock.
    pub fn upper_directory(&self, path: &Subpath) -> Answer<Here> {
        let mut here = self.top()?;
        for name in components(path.as_bytes()) {
            let mut entry = self.entry(&here, name)?.ok_or(Errno(libc::ENOENT))?;
            if let (Kind::Directory, None, Some(node)) = (entry.kind(), entry.upper, entry.lower) {
                let made = self.prepare_directory(&node)?;
                self.move_up(&made, here.upper()?, name)?;
                if work::mode(&node) & 0o700 != 0o700 {
                    sys::set_mode(here.upper()?, name, work::mode(&node))?;
                }
                entry.upper = sys::stat(here.upper()?, name)?;
            }
            here = self.enter(&here, name, &entry)?;
        }
        Ok(here)
    }

    /// Moves a name from the work directory into the upper layer, whose directory keeps its time of change.
    fn move_up(&self, made: &[u8], dir: BorrowedFd, name: &[u8]) -> Answer<()> {
        let work = self.upper().work()?;
        let before = sys::stat(dir, sys::HERE)?.ok_or(Errno(libc::ENOENT))?;
        let mut result = sys::rename(work.as_fd(), made, dir, name);
        if result == Err(Errno(libc::EACCES)) {
            // A file may be writable in a directory that is not: then its owner can change that.
            sys::set_mode(dir, sys::HERE, before.mode | 0o700)?;
            result = sys::rename(work.as_fd(), made, dir, name);
            sys::set_mode(dir, sys::HERE, before.mode)?;
        }
        let at = |(seconds, nanoseconds)| Time::At(seconds, nanoseconds);
        let times = [at(before.atime), at(before.mtime)];
        match (result, sys::set_times(dir, sys::HERE, times)) {
            // Somebody else's directory that we may write.
            (Ok(()), Err(Errno(libc::EPERM | libc::EACCES))) => Ok(()),
            (Ok(()), times) => times,
            (failed, _) => {
                self.discard(made);
                failed
            }
        }
    }
}
