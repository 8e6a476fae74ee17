//! A VFS as what stands behind a mount: everything can be read, nothing be changed.

use std::sync::Arc;

use crate::file_system::{Change, FileSystem, Node, OpenHow, Opened};
use crate::sys::errno::{Answer, Errno};
use invfs_engine::path::Subpath;
use invfs_engine::symlinks;
use invfs_engine::vfs::{self, Kind, Listing, Stat, Vfs};

/// Serves a VFS that any thread may read.
pub struct ReadOnly {
    vfs: Arc<dyn Vfs>,
}

impl ReadOnly {
    /// Serves `vfs`.
    pub fn new(vfs: Arc<dyn Vfs>) -> ReadOnly {
        ReadOnly { vfs }
    }

    /// `ELOOP` where links lead round in circles, `ENOTDIR` where a file stands above `sub`, else `ENOENT`.
    fn absent(&self, sub: &Subpath) -> Errno {
        let link = |link: &Subpath| self.vfs.link(link).ok().flatten();
        if self.vfs.has_links() && symlinks::follow(sub, link) == Err(symlinks::Failure::Loop) {
            return Errno(libc::ELOOP);
        }
        let mut above = sub;
        while !above.is_root() {
            above = above.parent();
            match self.vfs.kind(above) {
                Ok(Some(Kind::Directory)) => break,
                Ok(Some(_)) => return Errno(libc::ENOTDIR),
                _ => {}
            }
        }
        Errno(libc::ENOENT)
    }
}

impl ReadOnly {
    /// What `sub` is, and what reads it; links are followed.
    fn find(&self, sub: &Subpath) -> Answer<(Node, vfs::Contents<'_>)> {
        match self.vfs.open(sub)? {
            Some((stat, contents)) => Ok((node(stat), contents)),
            None => Err(self.absent(sub)),
        }
    }

    fn check_parent(&self, sub: &Subpath) -> Answer<()> {
        match self.stat(sub.parent(), true)?.kind {
            Kind::Directory => Ok(()),
            _ => Err(Errno(libc::ENOTDIR)),
        }
    }

    fn check_new(&self, sub: &Subpath) -> Answer<()> {
        self.check_parent(sub)?;
        match self.stat(sub, false) {
            Ok(_) => Err(Errno(libc::EEXIST)),
            Err(_) => Ok(()),
        }
    }
}

fn node(stat: Stat) -> Node {
    Node {
        kind: stat.kind,
        size: stat.size,
        mode: stat.mode,
        mtime: (stat.mtime, 0),
        ino: stat.id,
        real: None,
    }
}

/// Whether the permission bits let the owner, who is whoever mounted it, read the file; root always may.
fn may_be_read(node: &Node) -> bool {
    node.mode & 0o400 != 0 || rustix::process::geteuid().is_root()
}

impl FileSystem for ReadOnly {
    fn stat(&self, sub: &Subpath, follow: bool) -> Answer<Node> {
        if !follow && self.vfs.has_links() {
            if let Some(target) = self.vfs.link(sub)? {
                return Ok(Node {
                    kind: Kind::Symlink,
                    size: target.len() as u64,
                    mode: 0o777,
                    mtime: (0, 0),
                    ino: None,
                    real: None,
                });
            }
        }
        match self.vfs.stat(sub)? {
            Some(stat) => Ok(node(stat)),
            None => Err(self.absent(sub)),
        }
    }

    fn open(&self, sub: &Subpath, how: OpenHow) -> Answer<Opened<'_>> {
        let (node, contents) = match self.find(sub) {
            Err(Errno(libc::ENOENT)) if how.flags & libc::O_CREAT != 0 => {
                return Err(Errno(libc::EROFS))
            }
            found => found?,
        };
        if node.kind == Kind::File && !may_be_read(&node) {
            return Err(Errno(libc::EACCES));
        }
        if how.flags & libc::O_CREAT != 0 && how.flags & libc::O_EXCL != 0 {
            return Err(Errno(libc::EEXIST));
        }
        if node.kind == Kind::Directory {
            return Err(Errno(libc::EISDIR));
        }
        if how.flags & libc::O_ACCMODE != libc::O_RDONLY || how.flags & libc::O_TRUNC != 0 {
            return Err(Errno(libc::EROFS));
        }
        let opened = Opened::Shared(
            node,
            Box::new(move || {
                let mut bytes = Vec::new();
                contents(u64::MAX, &mut bytes)?;
                Ok(bytes)
            }),
        );
        match self.is_constant() {
            true => Ok(opened),
            false => opened.at_hand(),
        }
    }

    /// A VFS has no parts: the whole is read for each.
    fn read_part(
        &self,
        sub: &Subpath,
        offset: u64,
        length: usize,
        take: &mut dyn FnMut(&[u8]),
    ) -> Answer<()> {
        let mut contents = Vec::new();
        self.vfs.read(sub, u64::MAX, &mut contents)?;
        let start = usize::try_from(offset).map_or(contents.len(), |at| at.min(contents.len()));
        let end = start.saturating_add(length).min(contents.len());
        take(contents.get(start..end).unwrap_or_default());
        Ok(())
    }

    fn compiled(&self, sub: &Subpath, key: &str, path: &[u8]) -> Answer<Option<Vec<u8>>> {
        Ok(self.vfs.compiled(sub, key, path)?)
    }

    fn list(&self, sub: &Subpath) -> Answer<Listing> {
        match self.vfs.list(sub)? {
            Some(names) => Ok(names),
            None => match self.vfs.kind(sub)? {
                Some(_) => Err(Errno(libc::ENOTDIR)),
                None => Err(self.absent(sub)),
            },
        }
    }

    /// What the system says of a file system that is mounted read-only: what is wrong with the names comes first where
    /// it looks there first.
    fn change(&self, change: Change<'_>) -> Answer<()> {
        match change {
            Change::MakeDirectory(sub, _) | Change::Symlink(_, sub) => self.check_new(sub)?,
            Change::Link(from, to) => {
                self.stat(from, false)?;
                self.check_new(to)?;
            }
            Change::Remove(sub) | Change::RemoveDirectory(sub) => self.check_parent(sub)?,
            Change::Rename(from, to, _) => {
                self.check_parent(from)?;
                self.check_parent(to)?;
            }
            Change::Mode(sub, _) => drop(self.stat(sub, true)?),
            Change::Owner(sub, _, _, follow) | Change::Times(sub, _, follow) => {
                self.stat(sub, follow)?;
            }
            Change::Truncate(sub, _) => {
                if self.stat(sub, true)?.kind == Kind::Directory {
                    return Err(Errno(libc::EISDIR));
                }
            }
        }
        Err(Errno(libc::EROFS))
    }

    fn is_constant(&self) -> bool {
        self.vfs.is_constant()
    }

    fn origin(&self) -> Option<u64> {
        self.vfs.origin()
    }

    fn has_links(&self) -> bool {
        self.vfs.has_links()
    }

    fn read_link(&self, sub: &Subpath) -> Answer<Vec<u8>> {
        match self.vfs.link(sub)? {
            Some(target) => Ok(target),
            None => {
                self.stat(sub, true)?;
                Err(Errno(libc::EINVAL))
            }
        }
    }
}
