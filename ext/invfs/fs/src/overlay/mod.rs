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
//! Most paths have no symbolic link on them and stand in one layer: `quick` answers for these with one walk of the
//! kernel through the upper layer and a look at what is remembered of the marks (see `kept`). Everything else is
//! resolved name by name.
//!
//! # Locks
//!
//! Nothing is locked to look something up. Changes take turns with `flock`, which threads, forked children and other
//! processes all respect. The lower layer may be written in Ruby and want Ruby's own lock, so it is never asked
//! while ours is held: see `session`.

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

use crate::file_system::{Change, How, Node, Opened, Served};
use crate::overlay::fast_path::{Quick, Seen};
use crate::overlay::marks::Kept;
use crate::overlay::operation::Session;
use crate::overlay::upper::Upper;
use crate::sys::at::Meta;
use crate::sys::errno::{Answer, Errno};
use invfs_engine::path::Subpath;
use invfs_engine::vfs::{Kind, Listing};

/// A file system that cannot be changed, with a real directory above it that takes the changes.
///
/// ```
/// use std::sync::Arc;
/// use invfs_fs::file_system::{Change, Served};
/// use invfs_fs::{overlay::Writable, read_only::ReadOnly};
/// use invfs_engine::{path::Subpath, vfs::DirVfs};
///
/// let upper = std::env::temp_dir().join(format!("invfs-doc-{}", std::process::id()));
/// std::fs::create_dir(&upper)?;
/// let lower = Arc::new(DirVfs::new(env!("CARGO_MANIFEST_DIR").into()));
/// let union = Writable::new(Arc::new(ReadOnly::new(lower)), upper.clone())?;
/// let name = Subpath::new(b"Cargo.toml").unwrap();
/// assert!(union.stat(name, true).is_ok());
/// assert!(union.change(Change::Remove(name)).is_ok());
/// assert!(union.stat(name, true).is_err(), "in the union it is gone");
/// # std::fs::remove_dir_all(&upper)?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Writable {
    lower: Arc<dyn Served>,
    upper: CString,
    kept: Kept,
}

impl Writable {
    /// Puts the real directory `upper` above `lower`, and removes what crashed processes left unfinished in it.
    ///
    /// Fails where `upper` is no directory, cannot be written, or is on a file system without `flock`.
    pub fn new(lower: Arc<dyn Served>, upper: PathBuf) -> io::Result<Writable> {
        let upper = std::fs::canonicalize(upper)?;
        let upper = CString::new(upper.as_os_str().as_bytes())?;
        let kept = Session::new(&*lower, &upper, None)
            .and_then(|session| session.clean())
            .and_then(|()| Kept::new(Upper::open(&upper)?))
            .map_err(|errno| io::Error::from_raw_os_error(errno.0))?;
        Ok(Writable { lower, upper, kept })
    }

    fn session(&self) -> Answer<Session<'_>> {
        Session::new(&*self.lower, &self.upper, Some(&self.kept))
    }

    fn quick(&self) -> Option<Quick<'_>> {
        self.kept.is_trusted().then_some(Quick {
            kept: &self.kept,
            lower: &*self.lower,
        })
    }
}

impl Served for Writable {
    fn stat(&self, sub: &Subpath, follow: bool) -> Answer<Node> {
        if let Some(answer) = self.quick().and_then(|quick| quick.stat(sub, follow)) {
            return answer;
        }
        let spot = self.session()?.resolve(sub, follow)?;
        Ok(spot.entry.ok_or(Errno(libc::ENOENT))?.node())
    }

    fn open(&self, sub: &Subpath, how: How) -> Answer<Opened> {
        if let Some(answer) = self.quick().and_then(|quick| quick.open(sub, how)) {
            return answer;
        }
        self.session()?.open(sub, how)
    }

    fn read(&self, sub: &Subpath) -> Answer<Vec<u8>> {
        // `open` calls only those files shared whose path means the same in the lower layer.
        self.lower.read(sub)
    }

    fn compiled(&self, sub: &Subpath, key: &str, path: &[u8]) -> Answer<Option<Vec<u8>>> {
        let own = match self.quick().and_then(|quick| quick.see(sub)) {
            Some(Seen::Lower(node)) if node.kind != Kind::Symlink => true,
            Some(Seen::Upper(Meta { kind, .. })) if kind != Some(Kind::Symlink) => false,
            Some(Seen::Nothing) => false,
            _ => self.session()?.is_lower(sub)?,
        };
        match own {
            true => self.lower.compiled(sub, key, path),
            false => Ok(None),
        }
    }

    fn list(&self, sub: &Subpath) -> Answer<Listing> {
        if let Some(names) = self.quick().and_then(|quick| quick.list(sub)) {
            return Ok(names);
        }
        self.session()?.list(sub)
    }

    fn read_link(&self, sub: &Subpath) -> Answer<Vec<u8>> {
        if let Some(answer) = self.quick().and_then(|quick| quick.read_link(sub)) {
            return answer;
        }
        let session = self.session()?;
        let spot = session.resolve(sub, false)?;
        let entry = spot.entry.as_ref().ok_or(Errno(libc::ENOENT))?;
        match entry.kind() {
            Kind::Symlink => session.target(&spot.parent, &spot.name, entry),
            _ => Err(Errno(libc::EINVAL)),
        }
    }

    fn change(&self, change: Change<'_>) -> Answer<()> {
        let session = self.session()?;
        match change {
            Change::MakeDirectory(sub, mode) => session.make_directory(sub, mode),
            Change::RemoveDirectory(sub) => session.remove_directory(sub),
            Change::Remove(sub) => session.remove(sub),
            Change::Rename(from, to, no_replace) => session.rename(from, to, no_replace),
            Change::Link(old, new) => session.link(old, new),
            Change::Symlink(target, sub) => session.symlink(target, sub),
            Change::Mode(sub, mode) => session.set_mode(sub, mode),
            Change::Owner(sub, user, group, follow) => session.set_owner(sub, user, group, follow),
            Change::Times(sub, times, follow) => session.set_times(sub, times, follow),
            Change::Truncate(sub, length) => session.truncate(sub, length),
        }
    }

    fn writable(&self, _: &Subpath) -> Answer<()> {
        match self.session()?.upper_can_change() {
            Err(Errno(libc::EROFS)) => Err(Errno(libc::EROFS)),
            // Permissions are what the bits say.
            _ => Ok(()),
        }
    }
}
