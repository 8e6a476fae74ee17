//! Marks for what is hidden of the lower layer, as they are on disk. They are made, and never taken back.

use std::collections::HashSet;
use std::os::fd::{AsFd, OwnedFd};

use crate::sys::at;
use crate::sys::beneath;
use crate::sys::errno::{Answer, Errno};
use crate::sys::read_dir;
use invfs_engine::path::components;
use invfs_engine::path::Subpath;

pub(super) const NAMES: &[u8] = b"names";
pub(super) const BELOW: &[u8] = b"below";

/// Of a directory with more marks each one is looked up.
pub(super) const MOST_NAMES: usize = 256;

/// What is hidden in one directory.
pub(super) struct Hidden {
    /// `None` where these are too many to remember.
    pub names: Option<HashSet<Vec<u8>>>,
    /// Whether there may be something hidden further down.
    pub below: bool,
}

/// What is hidden in `path`, below the topmost node; no names where they are more than `most`.
pub(super) fn read(top: impl AsFd, path: &Subpath, most: usize) -> Answer<Hidden> {
    let flags = libc::O_RDONLY | libc::O_DIRECTORY | libc::O_CLOEXEC;
    let names = match beneath::open(&top, &in_node(path, NAMES), flags) {
        Ok(names) => read_dir::first_names(names, most + 1)?,
        Err(Errno(libc::ENOENT)) => Vec::new(),
        Err(errno) => return Err(errno),
    };
    let below = match beneath::stat(top, &in_node(path, BELOW)) {
        Ok(_) => true,
        Err(Errno(libc::ENOENT)) => false,
        Err(errno) => return Err(errno),
    };
    let names = (names.len() <= most).then_some(names);
    Ok(Hidden {
        names: names.map(HashSet::from_iter),
        below,
    })
}

/// Whether `name` is marked in the directory `path`, below the topmost node.
pub(super) fn is_marked(top: impl AsFd, path: &Subpath, name: &[u8]) -> Answer<bool> {
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

/// Opens a directory, if it is there.
pub(super) fn existing(dir: impl AsFd, name: &[u8]) -> Answer<Option<OwnedFd>> {
    match at::open(dir, name, at::DIRECTORY, 0) {
        Ok(fd) => Ok(Some(fd)),
        Err(Errno(libc::ENOENT)) => Ok(None),
        Err(errno) => Err(errno),
    }
}
