//! Hiding names of the lower layer: reading the marks, and making one.

use std::os::fd::{AsFd, OwnedFd};

use crate::overlay::operation::Operation;
use crate::overlay::upper::directory;
use crate::overlay::whiteout::{existing, BELOW, NAMES};
use crate::sys::at;
use crate::sys::errno::Answer;
use invfs_engine::path::{components, Subpath};

impl Operation<'_> {
    /// Whether a mark hides the lower layer's `path`.
    ///
    /// Starts anew each time: marks that were read before the upper layer was looked at may be too old.
    pub fn is_hidden(&self, path: &Subpath) -> Answer<bool> {
        match self.marks().map(|marks| marks.hide(path)) {
            Some(Ok(hidden)) => Ok(hidden),
            _ => self.is_hidden_on_disk(path),
        }
    }

    fn is_hidden_on_disk(&self, path: &Subpath) -> Answer<bool> {
        let mut node = None;
        for name in components(path.as_bytes()) {
            let at = node
                .as_ref()
                .map_or(self.upper().whiteouts(), OwnedFd::as_fd);
            if let Some(names) = existing(at, NAMES)? {
                if at::stat(names.as_fd(), name)?.is_some() {
                    return Ok(true);
                }
            }
            let Some(below) = existing(at, BELOW)? else {
                return Ok(false);
            };
            match existing(below.as_fd(), name)? {
                Some(next) => node = Some(next),
                None => return Ok(false),
            }
        }
        Ok(false)
    }

    /// Hides the lower layer's `path` and all below it. The caller holds the lock.
    pub fn hide(&self, path: &Subpath) -> Answer<()> {
        let counter = std::fs::File::from(self.upper().lock_file(libc::O_RDWR | libc::O_NONBLOCK)?);
        let before = counter.metadata()?.len();
        let odd = before | 1;
        counter.set_len(odd)?;
        self.mark(path)?;
        counter.set_len(odd + 1)?;
        self.hid(path, before, odd + 1);
        Ok(())
    }

    /// Counts on where a process died while it made a mark. The caller holds the lock.
    pub fn finish_count(&self) -> Answer<()> {
        let counter = std::fs::File::from(self.upper().lock_file(libc::O_RDWR | libc::O_NONBLOCK)?);
        match counter.metadata()?.len() {
            odd if odd % 2 == 1 => Ok(counter.set_len(odd + 1)?),
            _ => Ok(()),
        }
    }

    fn mark(&self, path: &Subpath) -> Answer<()> {
        let mut node = None;
        for name in components(path.parent().as_bytes()) {
            let at = node
                .as_ref()
                .map_or(self.upper().whiteouts(), OwnedFd::as_fd);
            let below = directory(at, BELOW)?;
            node = Some(directory(below.as_fd(), name)?);
        }
        let at = node
            .as_ref()
            .map_or(self.upper().whiteouts(), OwnedFd::as_fd);
        let names = directory(at, NAMES)?;
        let flags = libc::O_WRONLY | libc::O_CREAT | libc::O_NONBLOCK;
        at::open(names.as_fd(), path.file_name(), flags, 0o666).map(drop)
    }
}
