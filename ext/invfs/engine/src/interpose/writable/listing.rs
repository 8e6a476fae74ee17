//! What is in a directory of the union: the names of both layers.

use std::collections::BTreeMap;

use super::private::PRIVATE;
use super::resolve::Here;
use super::session::Session;
use super::sys;
use crate::interpose::errno::{Answer, Errno};
use crate::path::Subpath;
use crate::vfs::{Kind, Listing};

impl Session<'_> {
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
    pub fn names(&self, here: &Here) -> Answer<Listing> {
        // The upper layer first, the marks last: what is moved away meanwhile is missed, not seen as it once was.
        let upper = self.upper_names(here)?;
        let mut names = BTreeMap::new();
        if here.lower {
            for (name, kind) in self.lower_kinds(here)? {
                if !upper.contains_key(&name) && !self.is_hidden(&here.join(&name)?)? {
                    names.insert(name, kind);
                }
            }
        }
        names.extend(
            upper
                .into_iter()
                .filter_map(|(name, kind)| Some((name, kind?))),
        );
        Ok(names.into_iter().collect())
    }

    /// Whether there is nothing in a directory of the union.
    pub fn is_empty(&self, here: &Here) -> Answer<bool> {
        Ok(self.names(here)?.is_empty())
    }

    /// The names that the lower layer has in a directory, hidden or not.
    pub fn lower_names(&self, here: &Here) -> Answer<Vec<Vec<u8>>> {
        match here.lower {
            true => Ok(self
                .lower_kinds(here)?
                .into_iter()
                .map(|(name, _)| name)
                .collect()),
            false => Ok(Vec::new()),
        }
    }

    fn lower_kinds(&self, here: &Here) -> Answer<Listing> {
        let listed = match self.lower.list(&here.path) {
            // The root need not be there.
            Err(Errno(libc::ENOENT | libc::ENOTDIR)) if here.path.is_root() => return Ok(vec![]),
            listed => listed?,
        };
        let usable =
            |name: &[u8]| !name.is_empty() && !name.contains(&b'/') && Subpath::new(name).is_some();
        Ok(listed
            .iter()
            .filter(|(name, _)| usable(name) && !is_ours(here, name))
            .cloned()
            .collect())
    }

    /// What the upper layer has in a directory: special files as `None`.
    fn upper_names(&self, here: &Here) -> Answer<BTreeMap<Vec<u8>, Option<Kind>>> {
        let mut names = BTreeMap::new();
        if here.upper.is_none() {
            return Ok(names);
        }
        for (name, kind) in sys::names(here.upper()?)? {
            if is_ours(here, &name) {
                continue;
            }
            let kind = match kind {
                libc::DT_REG => Some(Kind::File),
                libc::DT_DIR => Some(Kind::Directory),
                libc::DT_LNK => Some(Kind::Symlink),
                libc::DT_UNKNOWN => sys::stat(here.upper()?, &name)?.and_then(|meta| meta.kind),
                _ => None,
            };
            names.insert(name, kind);
        }
        Ok(names)
    }
}

fn is_ours(here: &Here, name: &[u8]) -> bool {
    here.path.is_root() && name == PRIVATE
}
