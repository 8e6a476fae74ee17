//! Marks for what is hidden of the lower layer, as they are on disk. They are made, and never taken back.

use std::collections::HashSet;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use super::beneath;
use super::kept::Node;
use super::private::directory;
use super::resolve::components;
use super::session::Session;
use super::stream;
use super::sys;
use crate::interpose::errno::{Answer, Errno};
use crate::path::Subpath;

const NAMES: &[u8] = b"names";
const BELOW: &[u8] = b"below";

/// Of a directory with more marks each one is looked up.
pub(super) const MOST_NAMES: usize = 256;

impl Session<'_> {
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
            let at = node.as_ref().map_or(self.upper().gone(), OwnedFd::as_fd);
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
            let at = node.as_ref().map_or(self.upper().gone(), OwnedFd::as_fd);
            let below = directory(at, BELOW)?;
            node = Some(directory(below.as_fd(), name)?);
        }
        let at = node.as_ref().map_or(self.upper().gone(), OwnedFd::as_fd);
        let names = directory(at, NAMES)?;
        let flags = libc::O_WRONLY | libc::O_CREAT | libc::O_NONBLOCK;
        sys::open(names.as_fd(), path.file_name(), flags, 0o666).map(drop)
    }
}

/// What is hidden in `path`, below the topmost node; no names where they are more than `most`.
pub(super) fn read(top: BorrowedFd, path: &Subpath, most: usize) -> Answer<Node> {
    let flags = libc::O_RDONLY | libc::O_DIRECTORY | libc::O_CLOEXEC;
    let names = match beneath::open(top, &in_node(path, NAMES), flags) {
        Ok(names) => stream::first_names(names, most + 1)?,
        Err(Errno(libc::ENOENT)) => Vec::new(),
        Err(errno) => return Err(errno),
    };
    let below = match beneath::stat(top, &in_node(path, BELOW)) {
        Ok(_) => true,
        Err(Errno(libc::ENOENT)) => false,
        Err(errno) => return Err(errno),
    };
    let names = (names.len() <= most).then_some(names);
    Ok(Node {
        names: names.map(HashSet::from_iter),
        below,
    })
}

/// Whether `name` is marked in the directory `path`, below the topmost node.
pub(super) fn is_marked(top: BorrowedFd, path: &Subpath, name: &[u8]) -> Answer<bool> {
    let mut mark = in_node(path, NAMES);
    mark.push(b'/');
    mark.extend_from_slice(name);
    match beneath::stat(top, &mark) {
        Ok(_) => Ok(true),
        Err(Errno(libc::ENOENT)) => Ok(false),
        Err(errno) => Err(errno),
    }
}

/// The path of `name` in the node of the directory `path`.
fn in_node(path: &Subpath, name: &[u8]) -> Vec<u8> {
    let mut at = Vec::new();
    for component in components(path.as_bytes()) {
        at.extend_from_slice(BELOW);
        at.push(b'/');
        at.extend_from_slice(component);
        at.push(b'/');
    }
    at.extend_from_slice(name);
    at
}

fn existing(dir: BorrowedFd, name: &[u8]) -> Answer<Option<OwnedFd>> {
    match sys::open(dir, name, sys::DIRECTORY, 0) {
        Ok(fd) => Ok(Some(fd)),
        Err(Errno(libc::ENOENT)) => Ok(None),
        Err(errno) => Err(errno),
    }
}
