//! New names: directories, symbolic links, second names of files.

use std::os::fd::BorrowedFd;

use crate::overlay::copy_up::only_lower;
use crate::overlay::lookup::{Lookup, UnionDir};
use crate::overlay::operation::Operation;
use crate::sys::at;
use crate::sys::errno::{Answer, Errno};
use invfs_engine::path::Subpath;
use invfs_engine::vfs::Kind;

impl Operation<'_> {
    /// The directory in which a new name goes, in the upper layer. The caller holds the lock.
    pub fn directory_for(&self, spot: &Lookup) -> Answer<UnionDir> {
        match spot.is_reserved() {
            true => Err(Errno(libc::EPERM)),
            false => self.upper_directory(&spot.parent.path),
        }
    }

    pub fn make_directory(&self, sub: &Subpath, mode: u32) -> Answer<()> {
        self.make(sub, |dir, name| at::make_directory(dir, name, mode))
    }

    pub fn symlink(&self, target: &[u8], sub: &Subpath) -> Answer<()> {
        if target.is_empty() {
            return Err(Errno(libc::ENOENT));
        }
        if target.len() >= libc::PATH_MAX as usize {
            return Err(Errno(libc::ENAMETOOLONG));
        }
        self.make(sub, |dir, name| at::symlink(target, dir, name))
    }

    pub fn link(&self, old: &Subpath, new: &Subpath) -> Answer<()> {
        self.until_settled(|| {
            let from = self.resolve(old, false)?;
            let kind = from.existing()?.kind();
            let to = self.resolve(new, false)?;
            if to.entry.is_some() {
                return Err(Errno(libc::EEXIST));
            }
            self.may_change(&to.parent)?;
            if kind == Kind::Directory {
                return Err(Errno(libc::EPERM));
            }
            match self.copy_up(&from.path()?) {
                Err(Errno(libc::ENOENT)) => return Ok(None),
                result => result?,
            }
            self.locked(|| {
                let (from, to) = (self.resolve(old, false)?, self.resolve(new, false)?);
                if to.entry.is_some() {
                    return Err(Errno(libc::EEXIST));
                }
                if only_lower(&from)?.is_some() || from.existing()?.is(Kind::Directory) {
                    return Ok(None);
                }
                let dir = self.directory_for(&to)?;
                at::link(from.parent.upper()?, &from.name, dir.upper()?, &to.name).map(Some)
            })
        })
    }

    /// Runs `make` on the upper layer's directory where nothing has the name `sub` yet.
    fn make(&self, sub: &Subpath, make: impl Fn(BorrowedFd, &[u8]) -> Answer<()>) -> Answer<()> {
        let free = || match self.resolve(sub, false)? {
            spot if spot.entry.is_some() => Err(Errno(libc::EEXIST)),
            spot => Ok(spot),
        };
        free()?;
        self.locked(|| {
            let spot = free()?;
            make(self.directory_for(&spot)?.upper()?, &spot.name)
        })
    }
}
