//! Ordinary file operations inside a virtual file system: mounts that `open`, `stat` and their like know of.
//!
//! What happens in order: [`install()`] leads the calls of all loaded objects to the `hooks`; `route` asks the
//! `table` of mounts where a path leads; a [`Served`] answers; `files` and `directories` turn the answer into
//! descriptors that are real ones, so that reading, seeking, mapping and passing them on needs no hook.

mod alive;
mod cache;
mod clock;
mod copies;
mod cwd;
mod directories;
mod errno;
mod files;
mod filter;
mod fork;
mod got;
mod hooks;
mod install;
mod links;
mod loading;
pub mod memory;
mod mounted_file;
mod object;
mod own;
mod past;
mod read_only;
mod relative;
mod resolve;
mod route;
mod scratch;
mod scratch_file;
mod served;
mod state;
mod status;
mod streams;
mod way;
mod writable;
mod writers;

use std::ffi::CString;
use std::os::fd::{FromRawFd, OwnedFd};
use std::sync::Arc;

pub use alive::{is_current, reopen_with, Watched};
pub use errno::{report_to, Answer, Errno};
pub use fork::ForkMutex;
pub(crate) use fork::Forked;
pub use got::Patched;
pub use install::{install, is_installed, rescan, Unsupported};
pub use loading::{begins, fetched, Announced};
pub use mounted_file::MountedFile;
pub use past::past_mounts;
pub use read_only::ReadOnly;
pub use served::{Change, How, Node, Opened, Saver, Served, Time};
pub(crate) use way::NOTHING;
pub use writable::Writable;

use crate::mounts::{self, Mount, Origin, Request};

/// Mounts `served` at `root`, which is absolute and clean; it covers what was there.
pub fn mount(root: &[u8], served: Arc<dyn Served>) -> Arc<Mount> {
    mounts::add(Request {
        root: root.to_vec(),
        origin: Origin::Named,
        vfs: None,
        served: Some(served),
        visible: true,
        file: None,
        object: 0,
        kept: None,
    })
}

/// Takes the newest mount at exactly `root` away that was asked for there; `None` where there is none. What was opened
/// stays open.
pub fn unmount(root: &[u8]) -> Option<Arc<Mount>> {
    let mount = mounts::remove_named(root)?;
    forget(&mount);
    Some(mount)
}

/// Gives back what is remembered of a mount that is gone.
pub fn forget(mount: &Mount) {
    files::forget(mount.id);
}

/// What `realpath` answers for an absolute, clean path that exists in a mount; `None` for all others.
pub fn real_path(path: &[u8]) -> Option<Vec<u8>> {
    let (real, _) = resolve::real(&mounts::find_visible(path)?).ok()?;
    Some(real.path())
}

/// What `stat` says of a path, as whoever has hooks is told it.
pub fn stat(path: &[u8]) -> Answer<libc::stat> {
    let path = CString::new(path).map_err(|_| Errno(libc::ENOENT))?;
    hooks::look(&path)
}

/// Opens a file as whoever has hooks does, with the flags of `open(2)`.
pub fn open(path: &[u8], flags: i32) -> Answer<OwnedFd> {
    let path = CString::new(path).map_err(|_| Errno(libc::ENOENT))?;
    // SAFETY: a NUL-terminated string; without `O_CREAT` there is no mode.
    match unsafe { hooks::open(path.as_ptr(), flags & !libc::O_CREAT, 0) } {
        // SAFETY: a new descriptor that nobody else owns.
        fd if fd >= 0 => Ok(unsafe { OwnedFd::from_raw_fd(fd) }),
        _ => Err(Errno::last()),
    }
}

/// What `fstat` says of a descriptor, as whoever has hooks is told it.
pub fn metadata(fd: &impl std::os::fd::AsRawFd) -> Answer<libc::stat> {
    let mut found = memory::metadata(fd.as_raw_fd())?;
    files::correct(&mut found);
    Ok(found)
}
