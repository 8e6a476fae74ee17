//! A VFS whose files may be others each time: nothing of it is kept.

use invfs_engine::{
    interpose::{Answer, Change, How, Node, Opened, ReadOnly, Served},
    path::Subpath,
    vfs::Listing,
};

/// Reads a file anew for each opening.
pub struct Live(ReadOnly);

impl Live {
    /// Serves what `vfs` serves.
    pub fn new(vfs: ReadOnly) -> Live {
        Live(vfs)
    }
}

impl Served for Live {
    fn stat(&self, sub: &Subpath, follow: bool) -> Answer<Node> {
        self.0.stat(sub, follow)
    }

    fn open(&self, sub: &Subpath, how: How) -> Answer<Opened> {
        match self.0.open(sub, how)? {
            Opened::Shared => Ok(Opened::Contents(self.0.read(sub)?, self.0.stat(sub, true)?)),
            other => Ok(other),
        }
    }

    fn read(&self, sub: &Subpath) -> Answer<Vec<u8>> {
        self.0.read(sub)
    }

    fn compiled(&self, sub: &Subpath, key: &str, path: &[u8]) -> Answer<Option<Vec<u8>>> {
        self.0.compiled(sub, key, path)
    }

    fn list(&self, sub: &Subpath) -> Answer<Listing> {
        self.0.list(sub)
    }

    fn has_links(&self) -> bool {
        self.0.has_links()
    }

    fn read_link(&self, sub: &Subpath) -> Answer<Vec<u8>> {
        self.0.read_link(sub)
    }

    fn change(&self, change: Change<'_>) -> Answer<()> {
        self.0.change(change)
    }

    fn writable(&self, sub: &Subpath) -> Answer<()> {
        self.0.writable(sub)
    }
}
