//! Opens the shared object of an extension from memory, as `dlopen` of a mount does.

use invfs_interpose::load_library;
use libloading::os::unix::{Library as Unix, RTLD_LAZY};
use libloading::Library;

use super::found::Hit;

/// Opens the shared object of `hit`, which holds `bytes`, with the libraries of its VFS that it needs. The error is the
/// loader's message.
pub fn open(hit: &Hit, bytes: &[u8]) -> Result<Library, String> {
    let Some(vfs) = hit.mount.vfs.clone() else {
        return Err("no VFS".to_owned());
    };
    match load_library(vfs, &hit.mount.root, &hit.sub, bytes, RTLD_LAZY) {
        // SAFETY: a handle that dlopen(3) has just answered with, and nobody else closes.
        Ok(handle) => Ok(unsafe { Unix::from_raw(handle.as_ptr()) }.into()),
        Err(message) => Err(String::from_utf8_lossy(&message).into_owned()),
    }
}
