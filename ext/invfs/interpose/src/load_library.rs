//! A shared object of a VFS, or of a mount, for a program that has no hooks, or none yet.

use std::ffi::{c_int, c_void};
use std::ptr::NonNull;
use std::sync::Arc;

use crate::install;
use crate::open::libraries;
use invfs_engine::path::Subpath;
use invfs_engine::vfs::Vfs;
use invfs_fs::mounts::{Mount, Place};
use invfs_fs::read_only::ReadOnly;

/// Loads a shared object as `dlopen` of a mount does: from memory, with the libraries of `vfs` that it needs.
///
/// `root` is the absolute path that the files of `vfs` appear below, `contents` what the file `sub` holds, `flags` are those
/// of dlopen(3). Returns the loader's handle, or the loader's message, which begins with the path of the file.
pub fn load_library(
    vfs: Arc<dyn Vfs>,
    root: &[u8],
    sub: &Subpath,
    contents: &[u8],
    flags: c_int,
) -> Result<NonNull<c_void>, Vec<u8>> {
    let place = Place {
        mount: Mount::unlisted(root, Arc::new(ReadOnly::new(vfs))),
        sub: sub.to_owned(),
    };
    load_library_at(&place, contents, flags)
}

/// The same for a shared object in a mount.
pub fn load_library_at(
    place: &Place,
    contents: &[u8],
    flags: c_int,
) -> Result<NonNull<c_void>, Vec<u8>> {
    let library = libraries::load_contents(place, contents, flags);
    // It may open files, too.
    install::rescan();
    match library.map(NonNull::new) {
        Ok(Some(library)) => Ok(library),
        Ok(None) => Err(libraries::message()),
        Err(errno) => Err(std::io::Error::from_raw_os_error(errno.0)
            .to_string()
            .into()),
    }
}
