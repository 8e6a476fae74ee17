//! Hiding names of the lower layer: reading the marks, and making one.

use std::os::fd::OwnedFd;

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

    /// The topmost node of the marks.
    fn topmost_node(&self) -> Answer<OwnedFd> {
        at::open(self.upper().whiteouts()?, at::HERE, at::DIRECTORY, 0)
    }

    fn is_hidden_on_disk(&self, path: &Subpath) -> Answer<bool> {
        let mut node = self.topmost_node()?;
        for name in components(path.as_bytes()) {
            if let Some(names) = existing(&node, NAMES)? {
                if at::stat(names, name)?.is_some() {
                    return Ok(true);
                }
            }
            let Some(below) = existing(&node, BELOW)? else {
                return Ok(false);
            };
            match existing(below, name)? {
                Some(next) => node = next,
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
        let mut node = self.topmost_node()?;
        for name in components(path.parent().as_bytes()) {
            node = directory(directory(&node, BELOW)?, name)?;
        }
        let names = directory(&node, NAMES)?;
        let flags = libc::O_WRONLY | libc::O_CREAT | libc::O_NONBLOCK;
        at::open(names, path.file_name(), flags, 0o666).map(drop)
    }
}
