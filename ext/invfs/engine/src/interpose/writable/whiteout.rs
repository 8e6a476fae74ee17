//! Marks for what is hidden of the lower layer. They are made, and never taken back.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use super::private::directory;
use super::resolve::components;
use super::session::Session;
use super::sys;
use crate::interpose::errno::{Answer, Errno};
use crate::path::Subpath;

const NAMES: &[u8] = b"names";
const BELOW: &[u8] = b"below";

impl Session<'_> {
    /// Whether a mark hides the lower layer's `path`.
    ///
    /// Starts at the top each time: marks that were read before the upper layer was looked at may be too old.
    pub fn is_hidden(&self, path: &Subpath) -> Answer<bool> {
        let mut node = None;
        for name in components(path.as_bytes()) {
            let at = node
                .as_ref()
                .map_or(self.upper.gone.as_fd(), OwnedFd::as_fd);
            if let Some(names) = existing(at, NAMES)? {
                if sys::stat(names.as_fd(), name)?.is_some() {
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
        let mut node = None;
        for name in components(path.parent().as_bytes()) {
            let at = node
                .as_ref()
                .map_or(self.upper.gone.as_fd(), OwnedFd::as_fd);
            let below = directory(at, BELOW)?;
            node = Some(directory(below.as_fd(), name)?);
        }
        let at = node
            .as_ref()
            .map_or(self.upper.gone.as_fd(), OwnedFd::as_fd);
        let names = directory(at, NAMES)?;
        let flags = libc::O_WRONLY | libc::O_CREAT | libc::O_NONBLOCK;
        sys::open(names.as_fd(), path.file_name(), flags, 0o666).map(drop)
    }
}

fn existing(dir: BorrowedFd, name: &[u8]) -> Answer<Option<OwnedFd>> {
    match sys::open(dir, name, sys::DIRECTORY, 0) {
        Ok(fd) => Ok(Some(fd)),
        Err(Errno(libc::ENOENT)) => Ok(None),
        Err(errno) => Err(errno),
    }
}
