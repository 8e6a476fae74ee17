//! Opens the shared object of an extension where the system's loader wants files: takes the place of `native_image`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use invfs_engine::elf;
use invfs_engine::libraries;
use invfs_engine::path::Subpath;
use invfs_engine::unused_name::unused;
use invfs_engine::vfs::Kind;
use invfs_engine::Result as EngineResult;
use libloading::Library;

use super::adopted::Adopted;
use super::found::Hit;

/// Opens the shared object of `hit`, which holds `bytes`, from a private directory, with the libraries of its VFS that it
/// needs in their places. The error is the loader's message.
pub fn open(hit: &Hit, bytes: &[u8]) -> Result<Library, String> {
    // The loader would map what is not there.
    if cfg!(target_os = "linux") && !elf::is_complete(bytes) {
        return Err("file too short".to_owned());
    }
    let vfs = hit.mount.vfs();
    let read = |sub: &Subpath| -> EngineResult<Option<Vec<u8>>> {
        if vfs.kind(sub)? != Some(Kind::File) {
            return Ok(None);
        }
        let mut contents = Vec::new();
        vfs.read(sub, u64::MAX, &mut contents)?;
        Ok(Some(contents))
    };
    let files =
        libraries::with_needed(&hit.sub, bytes.to_vec(), read).map_err(|e| e.to_string())?;
    let directory = private_directory().map_err(|e| e.to_string())?;
    let opened = libraries::write(&directory, &files)
        .map_err(|e| e.to_string())
        .and_then(|()| load(&libraries::path_in(&directory, &hit.sub)));
    // What cannot be removed while it is open (on Windows) is left to the system's clean-up.
    let _ = fs::remove_dir_all(&directory);
    opened
}

fn load(path: &Path) -> Result<Library, String> {
    use std::error::Error;
    // SAFETY: opening runs the library's initialisers, which is what the program that requires an extension wants.
    let library = unsafe { Library::new(path) };
    // The loader's own words.
    library.map_err(|e| {
        e.source()
            .map_or_else(|| e.to_string(), ToString::to_string)
    })
}

/// A new directory that only this user can enter.
fn private_directory() -> io::Result<PathBuf> {
    // A leftover, or an attempt to guess the name: take the next.
    let is_taken = |error: &io::Error| error.kind() == io::ErrorKind::AlreadyExists;
    unused(is_taken, |name| {
        let path = std::env::temp_dir().join(format!("invfs-{name}"));
        create_private(&path).map(|()| path)
    })
}

#[cfg(unix)]
fn create_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().mode(0o700).create(path)
}

#[cfg(not(unix))]
fn create_private(path: &Path) -> io::Result<()> {
    fs::create_dir(path)
}
