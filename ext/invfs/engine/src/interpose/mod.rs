//! Ordinary file operations inside a virtual file system: mounts that `open`, `stat` and their like know of.
//!
//! What happens in order: [`install()`] leads the calls of all loaded objects to the `hooks`; `route` asks the
//! `table` of mounts where a path leads; a [`Served`] answers; `files` and `directories` turn the answer into
//! descriptors that are real ones, so that reading, seeking, mapping and passing them on needs no hook.

mod cache;
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
pub mod memory;
mod object;
mod own;
mod read_only;
mod resolve;
mod route;
mod scratch;
mod served;
mod state;
mod status;
mod streams;
mod table;
mod writable;
mod writers;

pub use errno::{report_to, Answer, Errno};
pub use got::Patched;
pub use install::{install, rescan, Unsupported};
pub use read_only::ReadOnly;
pub use served::{Change, How, Node, Opened, Saver, Served, Time};
pub use table::{find, mount, mount_below, Mount, Place};
pub use writable::Writable;

/// Takes the mount at exactly `root` away; `None` where there is none. What was opened stays open.
pub fn unmount(root: &[u8]) -> Option<std::sync::Arc<Mount>> {
    let mount = table::unmount(root)?;
    files::forget(mount.id);
    Some(mount)
}

/// What `realpath` answers for an absolute, clean path that exists in a mount; `None` for all others.
pub fn real_path(path: &[u8]) -> Option<Vec<u8>> {
    let (real, _) = resolve::real(&find(path)?).ok()?;
    Some(real.path())
}
