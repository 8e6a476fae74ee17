//! Permissions, owners, times and lengths: changed in the upper layer.

use std::os::fd::{AsFd, BorrowedFd};

use crate::file_system::Time;
use crate::overlay::copy_up::only_lower;
use crate::overlay::lookup::UnionDir;
use crate::overlay::operation::Operation;
use crate::sys::at;
use crate::sys::errno::{Answer, Errno};
use invfs_engine::path::Subpath;
use invfs_engine::vfs::Kind;

impl Operation<'_> {
    pub fn set_mode(&self, sub: &Subpath, mode: u32) -> Answer<()> {
        self.on_upper(sub, true, |dir, name| {
            at::set_mode(dir, name, mode & 0o7777)
        })
    }

    pub fn set_owner(&self, sub: &Subpath, user: u32, group: u32, follow: bool) -> Answer<()> {
        self.on_upper(sub, follow, |dir, name| {
            at::set_owner(dir, name, user, group)
        })
    }

    pub fn set_times(&self, sub: &Subpath, times: [Time; 2], follow: bool) -> Answer<()> {
        self.on_upper(sub, follow, |dir, name| at::set_times(dir, name, times))
    }

    pub fn truncate(&self, sub: &Subpath, length: u64) -> Answer<()> {
        if i64::try_from(length).is_err() {
            return Err(Errno(libc::EINVAL));
        }
        if self.resolve(sub, true)?.existing()?.is(Kind::Directory) {
            return Err(Errno(libc::EISDIR));
        }
        self.on_upper(sub, true, |dir, name| {
            let file = at::open(dir, name, libc::O_WRONLY | libc::O_NONBLOCK, 0)?;
            Ok(std::fs::File::from(file).set_len(length)?)
        })
    }

    /// Whether names may be made in and taken from a directory; `EACCES` if not.
    pub fn may_change(&self, here: &UnionDir) -> Answer<()> {
        if let Some(upper) = &here.upper {
            return at::access(upper.as_fd(), libc::W_OK | libc::X_OK);
        }
        // Copied up it will belong to this user.
        let mode = self.at(&here.path)?.existing()?.node().mode;
        match mode & 0o300 == 0o300 || rustix::process::geteuid().is_root() {
            true => Ok(()),
            false => Err(Errno(libc::EACCES)),
        }
    }

    /// Runs `act` on the upper layer's name, copied up if need be.
    fn on_upper(
        &self,
        sub: &Subpath,
        follow: bool,
        act: impl Fn(BorrowedFd, &[u8]) -> Answer<()>,
    ) -> Answer<()> {
        self.until_settled(|| {
            let spot = self.resolve(sub, follow)?;
            if only_lower(&spot)?.is_none() {
                return act(spot.parent.upper()?, spot.upper_name()).map(Some);
            }
            match self.copy_up(&spot.path()?) {
                Ok(()) | Err(Errno(libc::ENOENT)) => Ok(None),
                Err(errno) => Err(errno),
            }
        })
    }
}
