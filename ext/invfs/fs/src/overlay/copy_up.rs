//! Copying up: what only the lower layer has appears in the upper layer, and nobody sees a difference.

use std::os::fd::{AsFd, BorrowedFd};

use crate::file_system::{Node, Time};
use crate::overlay::lookup::{Lookup, UnionDir};
use crate::overlay::operation::Operation;
use crate::overlay::work_dir::{self, Prepared};
use crate::sys::at;
use crate::sys::errno::{Answer, Errno};
use invfs_engine::path::components;
use invfs_engine::path::{Subpath, SubpathBuf};
use invfs_engine::vfs::Kind;

/// How many files are copied up at once.
const AT_ONCE: usize = 128;
/// Waiting for fewer files one by one takes less time than waiting for all of the file system.
const FEW: usize = 8;

/// What only the lower layer has at this spot.
pub(super) fn only_lower(spot: &Lookup) -> Answer<Option<Node>> {
    let entry = spot.existing()?;
    Ok(entry.lower.filter(|_| entry.upper.is_none()))
}

impl Operation<'_> {
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
    pub fn upper_directory(&self, path: &Subpath) -> Answer<UnionDir> {
        let mut here = self.top()?;
        for name in components(path.as_bytes()) {
            let mut entry = self.entry(&here, name)?.ok_or(Errno(libc::ENOENT))?;
            if let (Kind::Directory, None, Some(node)) = (entry.kind(), entry.upper, entry.lower) {
                let made = self.prepare_directory(&node)?;
                self.move_up(&made, here.upper()?, name)?;
                if work_dir::mode(&node) & 0o700 != 0o700 {
                    at::set_mode(here.upper()?, name, work_dir::mode(&node))?;
                }
                entry.upper = at::stat(here.upper()?, name)?;
            }
            here = self.enter(&here, name, &entry)?;
        }
        Ok(here)
    }

    /// Moves a name from the work directory into the upper layer, whose directory keeps its time of change.
    fn move_up(&self, made: &[u8], dir: BorrowedFd, name: &[u8]) -> Answer<()> {
        let work = self.upper().work()?;
        let before = at::stat(dir, at::HERE)?.ok_or(Errno(libc::ENOENT))?;
        let mut result = at::rename(work.as_fd(), made, dir, name);
        if result == Err(Errno(libc::EACCES)) {
            // A file may be writable in a directory that is not: then its owner can change that.
            at::set_mode(dir, at::HERE, before.mode | 0o700)?;
            result = at::rename(work.as_fd(), made, dir, name);
            at::set_mode(dir, at::HERE, before.mode)?;
        }
        let at = |(seconds, nanoseconds)| Time::At(seconds, nanoseconds);
        let times = [at(before.atime), at(before.mtime)];
        match (result, at::set_times(dir, at::HERE, times)) {
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

impl Operation<'_> {
    /// Sees to it that the upper layer has the directory `path`, which has no link in it, and all below it.
    ///
    /// Lower names never come back, so once this is done it stays done. The lock is not held.
    pub fn copy_up_all(&self, path: &Subpath) -> Answer<()> {
        let mut todo: Vec<SubpathBuf> = vec![path.to_owned()];
        while let Some(path) = todo.pop() {
            if path.as_bytes().len() >= libc::PATH_MAX as usize {
                // Links in a real directory below us can make it endless.
                return Err(Errno(libc::ENAMETOOLONG));
            }
            self.copy_up(&path)?;
            let here = match self.directory(&path) {
                // Taken away meanwhile: nothing to copy.
                Err(Errno(libc::ENOENT | libc::ENOTDIR)) => continue,
                here => here?,
            };
            let mut files = Vec::new();
            for name in self.lower_names(&here)? {
                let below = here.join(&name)?;
                let Some(entry) = self.entry(&here, &name)? else {
                    continue;
                };
                match (entry.kind(), entry.lower) {
                    (Kind::Directory, Some(_)) => todo.push(below),
                    (Kind::File, Some(node)) => files.push((name, node)),
                    (Kind::Symlink, Some(_)) => match self.copy_up(&below) {
                        Err(Errno(libc::ENOENT)) => {}
                        result => result?,
                    },
                    _ => {}
                }
            }
            let mut rest = files.as_slice();
            while !rest.is_empty() {
                let copied = self.copy_up_some(&here.path, rest)?;
                rest = rest.get(copied..).unwrap_or_default();
            }
        }
        Ok(())
    }

    /// Copies some files of one directory up, and tells how many. They are on disk before any of them appears; waiting once
    /// for all takes a small part of the time that it takes to wait for each.
    fn copy_up_some(&self, directory: &Subpath, files: &[(Vec<u8>, Node)]) -> Answer<usize> {
        let work = self.upper().work()?;
        let ready = self.prepare_empty(&work, files.len().min(AT_ONCE))?;
        let filled = || {
            let mut filled = Vec::new();
            for ((name, node), ready) in files.iter().zip(&ready) {
                let path = directory.join(Subpath::new(name).ok_or(Errno(libc::ENOENT))?);
                match self.lower.contents(&path) {
                    // Taken away meanwhile: nothing to copy.
                    Err(Errno(libc::ENOENT)) => continue,
                    contents => self.fill(&work, ready, &contents?, node)?,
                }
                filled.push((name, ready));
            }
            match filled.as_slice() {
                few if few.len() < FEW => few.iter().try_for_each(|(_, ready)| ready.sync())?,
                [(_, ready), ..] => ready.sync_with_others()?,
                [] => {}
            }
            Ok(filled)
        };
        let result =
            filled().and_then(|filled| self.locked(|| self.appear_all(directory, &filled)));
        // Those that appeared the work directory has no more.
        ready.iter().for_each(|ready| self.discard(&ready.name));
        match result {
            // The directory was taken away.
            Ok(()) | Err(Errno(libc::ENOENT | libc::ENOTDIR)) => Ok(ready.len()),
            Err(errno) => Err(errno),
        }
    }

    /// Moves files to their names in a directory, but for those that the upper layer has by now. The caller holds the lock.
    fn appear_all(&self, directory: &Subpath, files: &[(&Vec<u8>, &Prepared)]) -> Answer<()> {
        let here = self.directory(directory)?;
        let mut appear = Vec::new();
        for (name, ready) in files {
            let entry = self.entry(&here, name)?;
            if entry.is_some_and(|entry| entry.upper.is_none()) {
                appear.push((name, ready));
            }
        }
        let here = self.upper_directory(directory)?;
        for (name, ready) in appear {
            ready.release()?;
            self.move_up(&ready.name, here.upper()?, name)?;
        }
        Ok(())
    }
}
