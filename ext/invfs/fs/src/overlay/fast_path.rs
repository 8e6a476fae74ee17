//! The common questions answered with a few calls of the kernel: about paths on which no symbolic link stands.
//!
//! `None` everywhere says that there is more to it, or that something went wrong; an `Operation` then finds out what.

use crate::file_system::{FileSystem, Node, OpenHow, Opened};
use crate::overlay::lookup::{LayerEntry, LONGEST_NAME};
use crate::overlay::marks::UpperCache;
use crate::overlay::merged_dir::{merge, upper_names, usable, Names, READ};
use crate::overlay::upper::RESERVED_NAME;
use crate::sys::at;
use crate::sys::at::Meta;
use crate::sys::beneath;
use crate::sys::errno::{Answer, Errno};
use invfs_engine::path::components;
use invfs_engine::path::Subpath;
use invfs_engine::vfs::{Kind, Listing};

pub(super) struct FastPath<'a> {
    pub cache: &'a UpperCache,
    pub lower: &'a dyn FileSystem,
}

/// What stands under a path.
pub(super) enum Seen {
    Upper(Meta),
    /// The upper layer has nothing there.
    Lower(Node),
    Nothing,
}

impl<'a> FastPath<'a> {
    /// What `stat` answers.
    pub fn stat(&self, sub: &Subpath, follow: bool) -> Option<Answer<Node>> {
        match self.see(sub)? {
            Seen::Upper(meta) => match meta.kind {
                Some(Kind::Symlink) if follow => None,
                Some(_) => Some(Ok(LayerEntry::of_upper(meta).node())),
                None => Some(Err(Errno(libc::ENOENT))),
            },
            Seen::Lower(node) if follow && node.kind == Kind::Symlink => None,
            Seen::Lower(node) => Some(Ok(node)),
            Seen::Nothing => Some(Err(Errno(libc::ENOENT))),
        }
    }

    /// What `open` answers where a regular file stands or nothing is, and nothing must be made or copied.
    pub fn open(&self, sub: &Subpath, how: OpenHow) -> Option<Answer<Opened<'a>>> {
        let has = |flag| how.flags & flag != 0;
        if has(libc::O_EXCL | libc::O_DIRECTORY | libc::O_PATH) {
            return None;
        }
        match self.see(sub)? {
            // To read another directory's file would be bad, to write it worse.
            Seen::Upper(_) if how.writes() && !self.cache.is_intact() => None,
            Seen::Upper(meta) if meta.kind == Some(Kind::File) => {
                let flags = how.flags & !libc::O_CREAT;
                let file = beneath::open(self.cache.upper.root().ok()?, sub.as_bytes(), flags);
                Some(Ok(Opened::Real(file.ok()?)))
            }
            Seen::Lower(node) if node.kind == Kind::File && !how.writes() => {
                Some(self.lower.open(sub, how))
            }
            Seen::Nothing if !has(libc::O_CREAT) => Some(Err(Errno(libc::ENOENT))),
            _ => None,
        }
    }

    /// What `readlink` answers.
    pub fn read_link(&self, sub: &Subpath) -> Option<Answer<Vec<u8>>> {
        let kind = match self.see(sub)? {
            Seen::Upper(meta) => meta.kind?,
            Seen::Lower(node) if node.kind == Kind::Symlink => {
                return Some(self.lower.read_link(sub))
            }
            Seen::Lower(node) => node.kind,
            Seen::Nothing => return Some(Err(Errno(libc::ENOENT))),
        };
        (kind != Kind::Symlink).then_some(Err(Errno(libc::EINVAL)))
    }

    /// The names in a directory.
    pub fn list(&self, sub: &Subpath) -> Option<Listing> {
        let upper = self.read_upper(sub)?;
        let shows = match self.in_lower(sub) {
            _ if sub.is_root() => true,
            Some(Some(node)) if node.kind == Kind::Directory => true,
            // The upper layer's directory covers it.
            Some(_) if upper.is_some() => false,
            _ => return None,
        };
        if !shows {
            return Some(merge(upper?, Vec::new()));
        }
        let lower = match self.lower.list(sub) {
            // The root need not be there.
            Err(Errno(libc::ENOENT | libc::ENOTDIR)) if sub.is_root() => Vec::new(),
            listed => usable(sub, listed.ok()?),
        };
        let marks = self.cache.marks()?;
        if upper.is_none() && marks.hide(sub).ok()? {
            return None;
        }
        let shown = marks.shown(sub, &lower).ok()?;
        Some(merge(upper.unwrap_or_default(), shown))
    }

    /// What stands under `sub`.
    pub fn see(&self, sub: &Subpath) -> Option<Seen> {
        if !is_ordinary(sub) {
            return None;
        }
        let found = self.in_upper(sub);
        match found {
            Ok(meta) if !meta.is_gone => return Some(Seen::Upper(meta)),
            Err(Errno(libc::ENOENT)) => {}
            _ => return None,
        }
        let found = self.in_lower(sub)?;
        // Last, and also where there is nothing to hide: this is also where it shows that the directories were removed.
        let marks = self.cache.marks()?;
        match found {
            Some(node) if !marks.hide(sub).ok()? => Some(Seen::Lower(node)),
            _ => Some(Seen::Nothing),
        }
    }

    /// What the upper layer has under `sub`.
    fn in_upper(&self, sub: &Subpath) -> Answer<Meta> {
        let root = self.cache.upper.root()?;
        match sub.is_root() {
            true => at::look_at(root),
            false => beneath::stat(root, sub.as_bytes()),
        }
    }

    /// What the lower layer has under `sub`, hidden or not.
    fn in_lower(&self, sub: &Subpath) -> Option<Option<Node>> {
        if self.lower.has_links() {
            let bytes = sub.as_bytes();
            let slashes = (0..bytes.len()).filter(|at| bytes.get(*at) == Some(&b'/'));
            for end in slashes {
                match self.lower.stat(Subpath::new(bytes.get(..end)?)?, false) {
                    Ok(node) if node.kind == Kind::Directory => {}
                    Err(Errno(libc::ENOENT)) => return Some(None),
                    _ => return None,
                }
            }
        }
        match self.lower.stat(sub, false) {
            Ok(node) => Some(Some(node)),
            Err(Errno(libc::ENOENT)) => Some(None),
            // A file stands in the way, which may be covered.
            Err(_) => None,
        }
    }

    /// The names that the upper layer has in the directory `sub`; `Some(None)` where it has nothing there.
    fn read_upper(&self, sub: &Subpath) -> Option<Option<Names>> {
        if !is_ordinary(sub) {
            return None;
        }
        let path = match sub.is_root() {
            true => at::HERE,
            false => sub.as_bytes(),
        };
        match beneath::open(self.cache.upper.root().ok()?, path, READ) {
            Ok(dir) => Some(Some(upper_names(sub, dir).ok()?)),
            Err(Errno(libc::ENOENT)) => Some(None),
            Err(_) => None,
        }
    }
}

/// Whether all names on the path can be names, and none is ours.
fn is_ordinary(sub: &Subpath) -> bool {
    let mut names = components(sub.as_bytes());
    sub.as_bytes().split(|byte| *byte == b'/').next() != Some(RESERVED_NAME)
        && names.all(|name| name.len() <= LONGEST_NAME)
}
