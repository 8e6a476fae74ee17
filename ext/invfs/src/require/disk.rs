//! Files of the operating system: what Ruby's own search would load.

use std::{fs::File, io::ErrorKind};

#[cfg(mounts)]
use invfs_engine::{
    interpose::{self, Errno},
    vfs::Kind,
};

use crate::helpers::string;

/// What the operating system has under a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// A file that Ruby would load (`rb_file_load_ok`): it can be opened and is no directory.
    Loadable,
    /// Nothing to load.
    Nothing,
    /// Nothing, because a component of the path is a file.
    BelowFile,
}

/// Whether `path` is a directory, of the operating system or of a mount.
pub fn is_directory(path: &[u8]) -> bool {
    #[cfg(mounts)]
    if let Some(place) = interpose::find(path) {
        return place
            .stat(true)
            .is_ok_and(|node| node.kind == Kind::Directory);
    }
    string::os_path(path).is_dir()
}

/// Looks `path` up, which may lie in a mount: Ruby's own functions find it there.
pub fn look(path: &[u8]) -> Look {
    #[cfg(mounts)]
    if let Some(place) = interpose::find(path) {
        return match place.stat(true) {
            Ok(node) if node.kind == Kind::File => Look::Loadable,
            Err(Errno(libc::ENOTDIR)) => Look::BelowFile,
            _ => Look::Nothing,
        };
    }
    let path = string::os_path(path);
    match std::fs::metadata(&path) {
        Ok(found) if found.is_dir() => Look::Nothing,
        // Opening a FIFO would wait for a writer: Ruby takes those too, without waiting.
        Ok(found) if !found.is_file() || File::open(&path).is_ok() => Look::Loadable,
        Ok(_) => Look::Nothing,
        Err(error) if error.kind() == ErrorKind::NotADirectory => Look::BelowFile,
        Err(_) => Look::Nothing,
    }
}
