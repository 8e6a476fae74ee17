//! Shared objects that the loader takes only from files with names, in their places: a private directory, which is gone
//! again when they are loaded.

use std::collections::BTreeMap;
use std::ffi::{c_int, c_void, CString, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::open::library_files;
use invfs_engine::libraries;
use invfs_engine::path::{Subpath, SubpathBuf};
use invfs_fs::mounts::Place;
use invfs_fs::sys::errno::{Answer, Errno};
use invfs_fs::sys::temporary;

/// What the loader made of a library in a file with a name.
pub struct Named {
    /// The loader's handle, NULL where it refuses the library.
    pub library: *mut c_void,
    /// The path that the loader knows it by. There is nothing at it any more.
    pub path: CString,
}

/// Loads the shared object at `place`, which holds `contents`, with the libraries of its mount that it needs where they are
/// looked for. `held` answers with a path of a file with what is at a place, if there is one: then a link leads there, so
/// that the loader sees the same file, which is the same library, each time. Else it gets a copy.
pub fn open(
    place: &Place,
    contents: &[u8],
    flags: c_int,
    held: impl Fn(&Place, &[u8]) -> Option<CString>,
) -> Answer<Named> {
    let beside = |sub: &Subpath| Place {
        mount: place.mount.clone(),
        sub: sub.to_owned(),
    };
    let files = libraries::with_needed(&place.sub, contents.to_vec(), |sub| {
        let place = beside(sub);
        match library_files::is_file(&place) {
            true => library_files::contents(&place).map(Some),
            false => Ok(None),
        }
    })?;
    let directory = temporary::private_directory()?;
    let path = libraries::path_in(&directory, &place.sub);
    let loaded = CString::new(path.as_os_str().as_bytes())
        .map_err(|_| Errno(libc::EINVAL))
        .and_then(|path| {
            lay_out(&directory, files, |sub, contents| {
                held(&beside(sub), contents)
            })?;
            // SAFETY: a NUL-terminated path; opening runs the initialisers, which is what the caller of `dlopen` asked for.
            let library = unsafe { libc::dlopen(path.as_ptr(), flags) };
            Ok(Named { library, path })
        });
    // What cannot be removed stays behind.
    let _ = std::fs::remove_dir_all(&directory);
    loaded
}

/// Puts the files where they belong in `directory`, as links where they are held somewhere.
fn lay_out(
    directory: &Path,
    files: BTreeMap<SubpathBuf, Vec<u8>>,
    held: impl Fn(&Subpath, &[u8]) -> Option<CString>,
) -> Answer<()> {
    let mut copies = BTreeMap::new();
    for (sub, contents) in files {
        match held(&sub, &contents) {
            Some(target) => {
                let link = libraries::path_in(directory, &sub);
                std::fs::create_dir_all(link.parent().unwrap_or(directory))?;
                std::os::unix::fs::symlink(OsStr::from_bytes(target.as_bytes()), link)?;
            }
            None => {
                copies.insert(sub, contents);
            }
        }
    }
    Ok(libraries::write(directory, &copies)?)
}
