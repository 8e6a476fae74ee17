//! Places in mounts as file operations see them, with the directories that are there only because a mount lies below.

use std::hash::{BuildHasher, Hasher};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::sync::Arc;

use crate::file_system::{Names, Node};
use crate::mounts;
use crate::mounts::nothing::{Nothing, DIRECTORY};
use crate::mounts::{Mount, Over, Place, Table};
use crate::sys::errno::{Answer, Errno};
use invfs_engine::path::Subpath;
use invfs_engine::vfs::Kind;

impl Mount {
    /// A device number that belongs to no driver (major 1023 is not assigned), one for each mount.
    pub fn device(&self) -> u64 {
        libc::makedev(1023, (self.id & 0xf_ffff) as u32)
    }

    /// An inode number for `sub` where the file system has none: the same for the same name, never 0.
    pub fn inode(&self, sub: &Subpath) -> u64 {
        let mut hasher = foldhash::fast::FixedState::with_seed(self.id).build_hasher();
        hasher.write(sub.as_bytes());
        hasher.finish() | 1
    }
}

impl Table {
    /// The names in the directory `path` that lead to other mounts.
    fn mount_points(&self, path: &[u8]) -> Vec<Vec<u8>> {
        let mut names: Vec<Vec<u8>> = self
            .visible_roots()
            .filter_map(|root| {
                let rest = root.strip_prefix(path)?;
                let rest = if path == b"/" {
                    rest
                } else {
                    rest.strip_prefix(b"/")?
                };
                let name = rest.split(|b| *b == b'/').next()?;
                (!name.is_empty()).then(|| name.to_vec())
            })
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The directory `path` where no mount and, as the caller knows, nothing real is, but the way to some mount.
    pub fn way(&self, path: &[u8]) -> Option<Place> {
        let path = path.strip_suffix(b"/").unwrap_or(path);
        if !path.starts_with(b"/") {
            return None;
        }
        let leads = self.visible_roots().any(|root| {
            root.strip_prefix(path)
                .is_some_and(|rest| rest.starts_with(b"/"))
        });
        leads.then(|| Place::root(Mount::unlisted(path, Arc::new(Nothing))))
    }
}

impl Place {
    /// Whether there is a mount at it now; not necessarily the one that was there when it was found.
    pub fn is_mounted(&self) -> bool {
        let path = self.path();
        let table = mounts::current();
        table
            .as_ref()
            .is_some_and(|table| table.find_visible(&path).is_some() || table.way(&path).is_some())
    }

    /// Looks the place up; a directory on the way to another mount exists although its file system has none.
    pub fn stat(&self, follow: bool) -> Answer<Node> {
        match self.mount.file_system().stat(&self.sub, follow) {
            Err(Errno(libc::ENOENT)) if self.leads_to_mount() => Ok(DIRECTORY),
            answer => answer,
        }
    }

    /// The names in the directory, mount points and what the directory below an adopted VFS has among them.
    pub fn names(&self) -> Answer<Names> {
        let points = self.mount_points();
        let mut names = match self.mount.file_system().names(&self.sub) {
            Err(Errno(libc::ENOENT)) if !points.is_empty() => Names::new(),
            answer => answer?,
        };
        if self.mount.over == Over::Directory {
            for (name, kind) in real_names(&self.path()) {
                if let Err(at) = names.binary_search_by(|(known, _)| known.cmp(&name)) {
                    names.insert(at, (name, kind));
                }
            }
        }
        for point in points {
            match names.binary_search_by(|(name, _)| name.cmp(&point)) {
                // An archive stays the file that it is.
                Ok(at) => {
                    let known = names.get_mut(at).filter(|_| !self.is_file(&point));
                    if let Some(known) = known {
                        known.1 = Some(Kind::Directory);
                    }
                }
                Err(at) => names.insert(at, (point, Some(Kind::Directory))),
            }
        }
        Ok(names)
    }

    /// Whether a mount over a file is what makes `name` in this directory a mount point.
    fn is_file(&self, name: &[u8]) -> bool {
        let path = [&self.path(), &b"/"[..], name].concat();
        mounts::find_visible(&path)
            .is_some_and(|place| place.sub.is_root() && place.mount.over == Over::File)
    }

    fn leads_to_mount(&self) -> bool {
        !self.mount_points().is_empty()
    }

    fn mount_points(&self) -> Vec<Vec<u8>> {
        let table = mounts::current();
        match &*table {
            Some(table) if table.len() > 1 || self.mount.id == 0 => {
                table.mount_points(&self.path())
            }
            _ => Vec::new(),
        }
    }
}

/// What the operating system has in a directory.
fn real_names(path: &[u8]) -> Names {
    let entries = std::fs::read_dir(std::ffi::OsStr::from_bytes(path));
    let entries = entries.into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let kind = match entry.file_type().ok()? {
                kind if kind.is_dir() => Kind::Directory,
                kind if kind.is_symlink() => Kind::Symlink,
                _ => Kind::File,
            };
            Some((entry.file_name().into_vec(), Some(kind)))
        })
        .collect()
}
