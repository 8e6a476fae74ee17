//! What is in a directory of the union: the names of both layers.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::FileType;

use crate::overlay::lookup::UnionDir;
use crate::overlay::marks::Marks;
use crate::overlay::operation::Operation;
use crate::overlay::upper::RESERVED_NAME;
use crate::sys::at;
use crate::sys::errno::{Answer, Errno};
use crate::sys::read_dir;
use invfs_engine::path::Subpath;
use invfs_engine::vfs::{Kind, Listing};

/// Names of the upper layer: special files as `None`.
pub(super) type Names = BTreeMap<Vec<u8>, Option<Kind>>;

/// To read the names of a directory.
pub(super) const READ: i32 = libc::O_RDONLY | libc::O_DIRECTORY | libc::O_CLOEXEC;

impl Operation<'_> {
    /// The names in the directory `sub`.
    pub fn list(&self, sub: &Subpath) -> Answer<Listing> {
        let spot = self.resolve(sub, true)?;
        let entry = spot.existing()?;
        match spot.is_root() {
            true => self.names(&spot.parent),
            false => self.names(&self.enter(&spot.parent, &spot.name, entry)?),
        }
    }

    /// The names in a directory of the union.
    pub fn names(&self, here: &UnionDir) -> Answer<Listing> {
        // The upper layer first, the marks last: what is moved away meanwhile is missed, not seen as it once was.
        let upper = self.upper_names(here)?;
        let lower = match here.lower {
            true => self.lower_kinds(here)?,
            false => Vec::new(),
        };
        if lower.is_empty() {
            return Ok(merge(upper, lower));
        }
        let shown = match self.marks().map(|marks| marks.shown(&here.path, &lower)) {
            Some(Ok(shown)) => shown,
            _ => self.shown(here, &lower)?,
        };
        Ok(merge(upper, shown))
    }

    fn shown(&self, here: &UnionDir, lower: &Listing) -> Answer<Listing> {
        let mut shown = Vec::new();
        for (name, kind) in lower {
            if !self.is_hidden(&here.join(name)?)? {
                shown.push((name.clone(), *kind));
            }
        }
        Ok(shown)
    }

    /// Whether there is nothing in a directory of the union.
    pub fn is_empty(&self, here: &UnionDir) -> Answer<bool> {
        Ok(self.names(here)?.is_empty())
    }

    /// The names that the lower layer has in a directory, hidden or not.
    pub fn lower_names(&self, here: &UnionDir) -> Answer<Vec<Vec<u8>>> {
        match here.lower {
            true => Ok(self
                .lower_kinds(here)?
                .into_iter()
                .map(|(name, _)| name)
                .collect()),
            false => Ok(Vec::new()),
        }
    }

    fn lower_kinds(&self, here: &UnionDir) -> Answer<Listing> {
        match self.lower.list(&here.path) {
            // The root need not be there.
            Err(Errno(libc::ENOENT | libc::ENOTDIR)) if here.path.is_root() => Ok(vec![]),
            listed => Ok(usable(&here.path, listed?.to_vec())),
        }
    }

    /// What the upper layer has in a directory: special files as `None`.
    fn upper_names(&self, here: &UnionDir) -> Answer<Names> {
        match &here.upper {
            None => Ok(Names::new()),
            Some(dir) => upper_names(&here.path, at::open(dir.as_fd(), at::HERE, READ, 0)?),
        }
    }
}

impl Marks<'_> {
    /// What of the names that the lower layer has in a directory is not hidden.
    pub fn shown(&self, directory: &Subpath, lower: &Listing) -> Answer<Listing> {
        if self.hide(directory)? {
            return Ok(Vec::new());
        }
        let node = self.node(directory)?;
        let mut shown = Vec::with_capacity(lower.len());
        for (name, kind) in lower {
            if !self.has(&node, directory, name)? {
                shown.push((name.clone(), *kind));
            }
        }
        Ok(shown)
    }
}

/// What the lower layer has in a directory, without what cannot be a name.
pub(super) fn usable(directory: &Subpath, mut listed: Listing) -> Listing {
    listed.retain(|(name, _)| {
        !name.is_empty()
            && !name.contains(&b'/')
            && Subpath::new(name).is_some()
            && !is_ours(directory, name)
    });
    listed
}

/// What the upper layer has in the directory that is open for reading: special files as `None`.
pub(super) fn upper_names(path: &Subpath, dir: OwnedFd) -> Answer<Names> {
    let mut names = Names::new();
    let dir = dir.as_fd();
    read_dir::for_each(dir, |name, kind| {
        if !is_ours(path, name) {
            let kind = match kind {
                FileType::Unknown => at::stat(dir, name)?.and_then(|meta| meta.kind),
                kind => at::kind(kind),
            };
            names.insert(name.to_vec(), kind);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(names)
}

/// The names of both layers; an upper one covers a lower one.
pub(super) fn merge(upper: Names, lower: Listing) -> Listing {
    let mut names: BTreeMap<Vec<u8>, Option<Kind>> = lower
        .into_iter()
        .map(|(name, kind)| (name, Some(kind)))
        .collect();
    names.extend(upper);
    names
        .into_iter()
        .filter_map(|(name, kind)| Some((name, kind?)))
        .collect()
}

fn is_ours(directory: &Subpath, name: &[u8]) -> bool {
    directory.is_root() && name == RESERVED_NAME
}
