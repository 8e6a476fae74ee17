//! The file system of a directory that exists only because a mount lies below it.

use crate::file_system::{FileSystem, Node, OpenHow, Opened};
use crate::sys::errno::{Answer, Errno};
use invfs_engine::path::Subpath;
use invfs_engine::vfs::{Kind, Listing};

/// A file system that has nothing but its root.
pub struct Nothing;

/// A file system that has nothing.
pub const NOTHING: &dyn FileSystem = &Nothing;

impl FileSystem for Nothing {
    fn stat(&self, sub: &Subpath, _: bool) -> Answer<Node> {
        match sub.is_root() {
            true => Ok(DIRECTORY),
            false => Err(Errno(libc::ENOENT)),
        }
    }

    fn open(&self, sub: &Subpath, _: OpenHow) -> Answer<Opened<'_>> {
        match sub.is_root() {
            true => Err(Errno(libc::EISDIR)),
            false => Err(Errno(libc::ENOENT)),
        }
    }

    fn list(&self, _: &Subpath) -> Answer<Listing> {
        Ok(Listing::new())
    }

    fn read_link(&self, _: &Subpath) -> Answer<Vec<u8>> {
        Err(Errno(libc::EINVAL))
    }
}

/// A directory that no file system has.
pub const DIRECTORY: Node = Node {
    kind: Kind::Directory,
    size: 0,
    mode: 0o755,
    mtime: (0, 0),
    ino: None,
    real: None,
};
