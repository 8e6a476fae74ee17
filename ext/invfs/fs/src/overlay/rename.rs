//! Renaming: first the upper layer gets everything that moves, then one call of the kernel moves it.

use crate::overlay::copy_up::only_lower;
use crate::overlay::lookup::Lookup;
use crate::overlay::operation::Operation;
use crate::sys::at;
use crate::sys::errno::{Answer, Errno};
use invfs_engine::path::Subpath;
use invfs_engine::vfs::Kind;

/// Both ends of a renaming that is allowed.
struct Ends {
    from: Lookup,
    to: Lookup,
    is_directory: bool,
}

impl Operation<'_> {
    pub fn rename(&self, old: &Subpath, new: &Subpath, no_replace: bool) -> Answer<()> {
        self.until_settled(|| {
            let ends = self.ends(old, new, no_replace)?;
            let path = ends.from.path()?;
            let copied = match ends.is_directory {
                true => self.copy_up_all(&path),
                false => self.copy_up(&path),
            };
            match copied {
                Err(Errno(libc::ENOENT)) => return Ok(None),
                result => result?,
            }
            self.locked(|| {
                let now = self.ends(old, new, no_replace)?;
                let same = now.from.path()? == path && now.is_directory == ends.is_directory;
                if !same || only_lower(&now.from)?.is_some() {
                    return Ok(None);
                }
                self.rename_upper(&now).map(Some)
            })
        })
    }

    /// Looks at both ends and says what the kernel would say, in its order.
    fn ends(&self, old: &Subpath, new: &Subpath, no_replace: bool) -> Answer<Ends> {
        let (from, to) = (self.resolve(old, false)?, self.resolve(new, false)?);
        if from.is_root() {
            return Err(Errno(libc::EBUSY));
        }
        if to.is_root() {
            return Err(Errno(match no_replace {
                true => libc::EEXIST,
                false => libc::EBUSY,
            }));
        }
        let is_directory = from.existing()?.is(Kind::Directory);
        if no_replace && to.entry.is_some() {
            return Err(Errno(libc::EEXIST));
        }
        let (source, target) = (from.path()?, to.path()?);
        if lies_below(&target, &source) {
            return Err(Errno(libc::EINVAL));
        }
        if lies_below(&source, &target) {
            return Err(Errno(libc::ENOTEMPTY));
        }
        if !is_same_file(&from, &to) && source != target {
            self.may_change(&from.parent)?;
            self.may_change(&to.parent)?;
        }
        if let (Some(entry), true) = (&to.entry, source != target) {
            match (is_directory, entry.is(Kind::Directory)) {
                (true, false) => return Err(Errno(libc::ENOTDIR)),
                (false, true) => return Err(Errno(libc::EISDIR)),
                (true, true) if !self.is_empty(&self.enter(&to.parent, &to.name, entry)?)? => {
                    return Err(Errno(libc::ENOTEMPTY));
                }
                _ => {}
            }
        }
        Ok(Ends {
            from,
            to,
            is_directory,
        })
    }

    /// Moves what is wholly in the upper layer. The caller holds the lock.
    fn rename_upper(&self, ends: &Ends) -> Answer<()> {
        let (from, to) = (&ends.from, &ends.to);
        if is_same_file(from, to) {
            // Two names of one file: nothing happens.
            return Ok(());
        }
        let dir = self.directory_for(to)?;
        self.cover(from)?;
        if ends.is_directory {
            if to.entry.is_some() {
                // It must not be gone between being covered and being replaced.
                self.upper_directory(&to.path()?)?;
            }
            // What the lower layer has there must not show through. It shows nothing now: the target is empty.
            self.cover(to)?;
        }
        at::rename(from.parent.upper()?, &from.name, dir.upper()?, &to.name)
    }
}

fn is_same_file(one: &Lookup, other: &Lookup) -> bool {
    let identity = |spot: &Lookup| {
        let meta = spot.entry.as_ref()?.upper?;
        Some((meta.dev, meta.ino))
    };
    identity(one).is_some() && identity(one) == identity(other)
}

fn lies_below(path: &Subpath, directory: &Subpath) -> bool {
    path.below(directory).is_some_and(|rest| !rest.is_root())
}
