//! Taking names away.

use crate::file_system::Time;
use crate::overlay::lookup::{Lookup, UnionDir};
use crate::overlay::operation::Operation;
use crate::sys::at;
use crate::sys::errno::{Answer, Errno};
use invfs_engine::path::Subpath;
use invfs_engine::vfs::Kind;

impl Operation<'_> {
    pub fn remove(&self, sub: &Subpath) -> Answer<()> {
        let check = || {
            let spot = self.resolve(sub, false)?;
            let is_directory = spot.existing()?.is(Kind::Directory);
            self.may_change(&spot.parent)?;
            match is_directory {
                true => Err(Errno(libc::EISDIR)),
                false => Ok(spot),
            }
        };
        check()?;
        self.locked(|| self.take_away(&check()?))
    }

    pub fn remove_directory(&self, sub: &Subpath) -> Answer<()> {
        let check = || {
            let spot = self.resolve(sub, false)?;
            let entry = spot.existing()?;
            if spot.is_root() {
                return Err(Errno(libc::EBUSY));
            }
            self.may_change(&spot.parent)?;
            let here = self.enter(&spot.parent, &spot.name, entry)?;
            match self.is_empty(&here)? {
                true => Ok(spot),
                false => Err(Errno(libc::ENOTEMPTY)),
            }
        };
        check()?;
        self.locked(|| self.take_away(&check()?))
    }

    /// Hides the lower layer's name, then removes the upper layer's: in between everything is as before.
    fn take_away(&self, spot: &Lookup) -> Answer<()> {
        let upper = spot.existing()?.upper;
        let dir = self.upper_directory(&spot.parent.path)?;
        self.cover(spot)?;
        match upper {
            Some(meta) => at::remove(dir.upper()?, &spot.name, meta.kind),
            None => changed_now(&dir),
        }
    }

    /// Hides what the lower layer has at this spot, if it shows there.
    pub fn cover(&self, spot: &Lookup) -> Answer<()> {
        match self.visible(&spot.parent, &spot.name)? {
            Some(_) => self.hide(&spot.path()?),
            None => Ok(()),
        }
    }
}

/// A directory that loses a name has changed, though the kernel saw none go.
fn changed_now(dir: &UnionDir) -> Answer<()> {
    match at::set_times(dir.upper()?, at::HERE, [Time::Same, Time::Now]) {
        // Somebody else's directory that we may write.
        Err(Errno(libc::EPERM | libc::EACCES)) => Ok(()),
        result => result,
    }
}
