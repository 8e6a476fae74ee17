//! Shared objects that the loader takes only from files with names, in their places: copies in a private directory, which is
//! gone again when they are loaded.

use std::ffi::{c_int, c_void, CString};
use std::os::unix::ffi::OsStrExt;

use crate::open::library_files;
use invfs_engine::libraries;
use invfs_fs::mounts::Place;
use invfs_fs::sys::errno::{Answer, Errno};
use invfs_fs::sys::temporary;

/// A library that was loaded from a file.
pub struct Named {
    /// The loader's handle.
    pub library: *mut c_void,
    /// The path that the loader knows it by. There is nothing at it any more.
    pub path: CString,
}

/// Loads the shared object at `place`, which holds `contents`, with copies of the libraries of its mount that it needs where
/// they are looked for. `None` where the loader refuses it.
pub fn open(place: &Place, contents: &[u8], flags: c_int) -> Answer<Option<Named>> {
    let files = libraries::with_needed(&place.sub, contents.to_vec(), |sub| {
        let place = Place {
            mount: place.mount.clone(),
            sub: sub.to_owned(),
        };
        match library_files::is_file(&place) {
            true => library_files::contents(&place).map(Some),
            false => Ok(None),
        }
    })?;
    let directory = temporary::private_directory()?;
    let written = libraries::write(&directory, &files).map_err(Errno::from);
    let loaded = written.and_then(|()| {
        let path = libraries::path_in(&directory, &place.sub);
        let path = CString::new(path.as_os_str().as_bytes()).map_err(|_| Errno(libc::EINVAL))?;
        // SAFETY: a NUL-terminated path; opening runs the initialisers, which is what the caller of `dlopen` asked for.
        let library = unsafe { libc::dlopen(path.as_ptr(), flags) };
        Ok((!library.is_null()).then_some(Named { library, path }))
    });
    // What cannot be removed stays behind.
    let _ = std::fs::remove_dir_all(&directory);
    loaded
}
