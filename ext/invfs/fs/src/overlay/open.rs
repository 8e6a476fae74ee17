//! Opening a file: for reading from where it is, for writing in the upper layer.

use std::os::fd::OwnedFd;

use crate::file_system::{OpenHow, Opened};
use crate::overlay::lookup::LayerEntry;
use crate::overlay::operation::Operation;
use crate::sys::at;
use crate::sys::errno::{Answer, Errno};
use invfs_engine::path::Subpath;
use invfs_engine::vfs::Kind;

impl<'a> Operation<'a> {
    pub fn open(&self, sub: &Subpath, how: OpenHow) -> Answer<Opened<'a>> {
        if how.flags & libc::O_TMPFILE == libc::O_TMPFILE {
            // As on a file system that has no unnamed files.
            return Err(Errno(libc::EOPNOTSUPP));
        }
        let has = |flag| how.flags & flag != 0;
        let only_path = has(libc::O_PATH);
        let create = has(libc::O_CREAT) && !only_path;
        let exclusive = create && has(libc::O_EXCL);
        if create && has(libc::O_DIRECTORY) {
            return Err(Errno(libc::EINVAL));
        }
        let follow = !exclusive && !has(libc::O_NOFOLLOW);
        let changes =
            !only_path && (how.flags & libc::O_ACCMODE != libc::O_RDONLY || has(libc::O_TRUNC));
        self.until_settled(|| {
            let spot = self.resolve(sub, follow)?;
            let Some(entry) = &spot.entry else {
                return match create {
                    true => Ok(self.create(sub, follow, how)?.map(Opened::Real)),
                    false => Err(Errno(libc::ENOENT)),
                };
            };
            let not_as_wanted = match entry.kind() {
                _ if exclusive => Some(libc::EEXIST),
                Kind::Directory => Some(libc::EISDIR),
                _ if has(libc::O_DIRECTORY) => Some(libc::ENOTDIR),
                Kind::Symlink if !(only_path && entry.upper.is_some()) => Some(libc::ELOOP),
                _ => None,
            };
            if let Some(number) = not_as_wanted {
                return Err(Errno(number));
            }
            if entry.upper.is_some() {
                let flags = how.flags & !(libc::O_CREAT | libc::O_EXCL);
                return match at::open_as_is(spot.parent.upper()?, &spot.name, flags, 0) {
                    // Gone, or a link by now.
                    Err(Errno(libc::ENOENT | libc::ELOOP)) => Ok(None),
                    file => Ok(Some(Opened::Real(file?))),
                };
            }
            if changes {
                return match self.copy_up(&spot.path()?) {
                    Ok(()) | Err(Errno(libc::ENOENT)) => Ok(None),
                    Err(errno) => Err(errno),
                };
            }
            // What `sub` leads to may change: no copy of it may be cached under that name.
            if spot.by_upper_link {
                let opened = self.lower.open(&spot.path()?, how)?;
                return opened.at_hand().map(Some);
            }
            self.lower.open(sub, how).map(Some)
        })
    }

    /// Whether `sub` is a file of the lower layer, and cannot become another one without being copied up.
    pub fn is_lower(&self, sub: &Subpath) -> Answer<bool> {
        match self.resolve(sub, true) {
            Ok(spot) => {
                let is_upper = |entry: &LayerEntry| entry.upper.is_some();
                Ok(!spot.by_upper_link && !spot.entry.as_ref().is_none_or(is_upper))
            }
            Err(Errno(libc::ENOENT | libc::ENOTDIR | libc::ELOOP)) => Ok(false),
            Err(errno) => Err(errno),
        }
    }

    /// Makes a file; `None` where there is something by now.
    fn create(&self, sub: &Subpath, follow: bool, how: OpenHow) -> Answer<Option<OwnedFd>> {
        self.locked(|| {
            let spot = self.resolve(sub, follow)?;
            if spot.entry.is_some() {
                return Ok(None);
            }
            let parent = self.directory_for(&spot)?;
            let flags = how.flags | libc::O_EXCL;
            at::open_as_is(parent.upper()?, &spot.name, flags, how.mode).map(Some)
        })
    }
}
