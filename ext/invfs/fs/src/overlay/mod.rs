//! A writable mount: a real directory, the upper layer, takes every change to a file system that cannot be changed.
//!
//! # What is in the upper directory
//!
//! Changed and new files lie under their own names. One name at its top is ours, and never seen through the mount:
//!
//! ```text
//! .invfs-upper/lock               locked with flock(2) while something changes; its length counts the marks
//! .invfs-upper/work/              files and directories on their way into the upper layer
//! .invfs-upper/gone/              what of the lower layer is hidden: a node
//!   NODE/names/NAME               an empty file: NAME of the lower layer, and all below it, is hidden
//!   NODE/below/NAME/              the node of the directory NAME
//! ```
//!
//! # Why a crash shows either the old or the new
//!
//! A name is looked for in the upper layer first; where it is not there, a mark under `gone` hides it, and only then
//! the lower layer is asked. A mark thus says nothing about the upper layer, and is never taken back: a file that is made
//! where a deleted one was lies above the mark, and a directory that is made there is opaque. Every change comes
//! down to steps that change nothing that can be seen (copying up, marking what the upper layer covers anyway) and one
//! call of the kernel that makes the change.
//!
//! # How it is fast
//!
//! Most paths have no symbolic link on them and lie in one layer: `fast_path` answers for these with one walk of the
//! kernel through the upper layer and a look at the marks that are cached (see `marks`). Everything else is looked up
//! name by name (`lookup`).
//!
//! # Locks
//!
//! Nothing is locked to look something up. Changes take turns with `flock`, which threads, forked children and other
//! processes all respect. The lower layer may be written in Ruby and want Ruby's own lock, so it is never asked
//! while ours is held: see `operation`.

mod attributes;
mod copy_up;
mod create;
mod fast_path;
mod hiding;
mod lookup;
mod lower;
mod marks;
mod merged_dir;
mod open;
mod operation;
mod remove;
mod rename;
mod upper;
mod whiteout;
mod work_dir;

use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::file_system::{Change, FileSystem, Node, OpenHow, Opened};
use crate::overlay::fast_path::{FastPath, Seen};
use crate::overlay::marks::UpperCache;
use crate::overlay::operation::Operation;
use crate::overlay::upper::Upper;
use crate::sys::at::Meta;
use crate::sys::errno::{Answer, Errno};
use invfs_engine::path::Subpath;
use invfs_engine::vfs::{Kind, Listing};

/// A file system that cannot be changed, with a real directory above it that takes the changes.
///
/// ```
/// use std::sync::Arc;
/// use invfs_fs::file_system::{Change, FileSystem};
/// use invfs_fs::{overlay::Overlay, read_only::ReadOnly};
/// use invfs_engine::{path::Subpath, vfs::DirVfs};
///
/// let upper = std::env::temp_dir().join(format!("invfs-doc-{}", std::process::id()));
/// std::fs::create_dir(&upper)?;
/// let lower = Arc::new(DirVfs::new(env!("CARGO_MANIFEST_DIR").into()));
/// let union = Overlay::new(Arc::new(ReadOnly::new(lower)), upper.clone())?;
/// let name = Subpath::new(b"Cargo.toml").unwrap();
/// assert!(union.stat(name, true).is_ok());
/// assert!(union.change(Change::Remove(name)).is_ok());
/// assert!(union.stat(name, true).is_err(), "in the union it is gone");
/// # std::fs::remove_dir_all(&upper)?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Overlay {
    lower: Arc<dyn FileSystem>,
    upper: CString,
    cache: UpperCache,
}

impl Overlay {
    /// Puts the real directory `upper` above `lower`, and removes what crashed processes left unfinished in it.
    ///
    /// Fails where `upper` is no directory, cannot be written, or is on a file system without `flock`.
    pub fn new(lower: Arc<dyn FileSystem>, upper: PathBuf) -> io::Result<Overlay> {
        let upper = std::fs::canonicalize(upper)?;
        let upper = CString::new(upper.as_os_str().as_bytes())?;
        let cache = Operation::new(&*lower, &upper, None)
            .and_then(|operation| operation.clean())
            .and_then(|()| UpperCache::new(Upper::open(&upper)?))
            .map_err(|errno| io::Error::from_raw_os_error(errno.0))?;
        Ok(Overlay {
            lower,
            upper,
            cache,
        })
    }

    fn operation(&self) -> Answer<Operation<'_>> {
        Operation::new(&*self.lower, &self.upper, Some(&self.cache))
    }

    /// The same for what changes nothing; `None` if the upper directory was removed: then only the lower layer is left.
    fn reading(&self) -> Answer<Option<Operation<'_>>> {
        match self.operation() {
            Ok(operation) => Ok(Some(operation)),
            Err(Errno(libc::ENOENT)) => Ok(None),
            Err(errno) => Err(errno),
        }
    }

    fn fast_path(&self) -> Option<FastPath<'_>> {
        self.cache.is_trusted().then_some(FastPath {
            cache: &self.cache,
            lower: &*self.lower,
        })
    }
}

impl FileSystem for Overlay {
    fn stat(&self, sub: &Subpath, follow: bool) -> Answer<Node> {
        if let Some(answer) = self.fast_path().and_then(|fast| fast.stat(sub, follow)) {
            return answer;
        }
        let Some(operation) = self.reading()? else {
            return self.lower.stat(sub, follow);
        };
        let spot = operation.resolve(sub, follow)?;
        Ok(spot.entry.ok_or(Errno(libc::ENOENT))?.node())
    }

    fn open(&self, sub: &Subpath, how: OpenHow) -> Answer<Opened<'_>> {
        let opened = match self.fast_path().and_then(|fast| fast.open(sub, how)) {
            Some(answer) => answer?,
            None => match self.reading()? {
                Some(operation) => operation.open(sub, how)?,
                None if how.writes() => return Err(Errno(libc::ENOENT)),
                None => self.lower.open(sub, how)?,
            },
        };
        match opened {
            // Under its name there may be another file before all of it is read.
            Opened::Parts(..) => opened.at_hand(),
            opened => Ok(opened),
        }
    }

    fn compiled(&self, sub: &Subpath, key: &str, path: &[u8]) -> Answer<Option<Vec<u8>>> {
        let own = match self.fast_path().and_then(|fast| fast.see(sub)) {
            Some(Seen::Lower(node)) if node.kind != Kind::Symlink => true,
            Some(Seen::Upper(Meta { kind, .. })) if kind != Some(Kind::Symlink) => false,
            Some(Seen::Nothing) => false,
            _ => match self.reading()? {
                Some(operation) => operation.is_lower(sub)?,
                None => true,
            },
        };
        match own {
            true => self.lower.compiled(sub, key, path),
            false => Ok(None),
        }
    }

    fn origin(&self) -> Option<u64> {
        self.lower.origin()
    }

    fn list(&self, sub: &Subpath) -> Answer<Listing> {
        if let Some(names) = self.fast_path().and_then(|fast| fast.list(sub)) {
            return Ok(names);
        }
        match self.reading()? {
            Some(operation) => operation.list(sub),
            None => self.lower.list(sub),
        }
    }

    fn read_link(&self, sub: &Subpath) -> Answer<Vec<u8>> {
        if let Some(answer) = self.fast_path().and_then(|fast| fast.read_link(sub)) {
            return answer;
        }
        let Some(operation) = self.reading()? else {
            return self.lower.read_link(sub);
        };
        let spot = operation.resolve(sub, false)?;
        let entry = spot.entry.as_ref().ok_or(Errno(libc::ENOENT))?;
        match entry.kind() {
            Kind::Symlink => operation.target(&spot.parent, &spot.name, entry),
            _ => Err(Errno(libc::EINVAL)),
        }
    }

    /// Links of the upper layer are the program's own, and lead where they say; those of the lower layer lead nowhere
    /// outside.
    fn may_lead_out(&self) -> bool {
        true
    }

    fn way_out(&self, sub: &Subpath, follow: bool) -> Answer<Option<Vec<u8>>> {
        let Some(operation) = self.reading()? else {
            return Ok(None);
        };
        match operation.resolve(sub, follow) {
            Err(Errno::LEADS_OUT) => Ok(operation.way_out.take()),
            Err(errno) => Err(errno),
            Ok(_) => Ok(None),
        }
    }

    fn change(&self, change: Change<'_>) -> Answer<()> {
        let operation = self.operation()?;
        match change {
            Change::MakeDirectory(sub, mode) => operation.make_directory(sub, mode),
            Change::RemoveDirectory(sub) => operation.remove_directory(sub),
            Change::Remove(sub) => operation.remove(sub),
            Change::Rename(from, to, no_replace) => operation.rename(from, to, no_replace),
            Change::Link(old, new) => operation.link(old, new),
            Change::Symlink(target, sub) => operation.symlink(target, sub),
            Change::Mode(sub, mode) => operation.set_mode(sub, mode),
            Change::Owner(sub, user, group, follow) => {
                operation.set_owner(sub, user, group, follow)
            }
            Change::Times(sub, times, follow) => operation.set_times(sub, times, follow),
            Change::Truncate(sub, length) => operation.truncate(sub, length),
        }
    }

    fn writable(&self, _: &Subpath) -> Answer<()> {
        match self.operation()?.upper_can_change() {
            Err(Errno(libc::EROFS)) => Err(Errno(libc::EROFS)),
            // Permissions are what the bits say.
            _ => Ok(()),
        }
    }
}
