//! Files that Ruby's own search can load: those of the operating system, and of named mounts.

use std::{fs::File, io::ErrorKind};

use invfs_engine::archive::Identity;
#[cfg(mounts)]
use invfs_engine::vfs::Kind;
use invfs_fs::mounts::Mount;
#[cfg(mounts)]
use invfs_fs::mounts::{self, Over, Place};
#[cfg(mounts)]
use invfs_fs::sys::errno::Errno;
#[cfg(mounts)]
use invfs_interpose::Watched;

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

/// The place in a named mount that `path` leads into. Adopted mounts are searched by asking the VFS itself.
#[cfg(mounts)]
fn mounted(path: &[u8]) -> Option<Place> {
    mounts::find_visible(path).filter(|place| place.mount.is_named())
}

/// What identifies the regular file at `path`, of the operating system or in a mount; `None` where there is none.
pub fn identity(path: &[u8]) -> Option<Identity> {
    #[cfg(mounts)]
    if mounts::current().is_some() {
        return Identity::at(path);
    }
    let path = string::os_path(path);
    let is_file = std::fs::metadata(&path).is_ok_and(|found| found.is_file());
    is_file.then(|| Identity::of(&path).ok()).flatten()
}

/// Whether the archive at `file` is still the one that `mount` shows, which had this identity.
pub fn is_current(mount: &Mount, file: &[u8], identity: &Identity) -> bool {
    #[cfg(mounts)]
    if mount.is_visible() && mount.watch.is_some() {
        return invfs_interpose::is_current(mount);
    }
    #[cfg(not(mounts))]
    let _ = mount;
    self::identity(file).as_ref() == Some(identity)
}

/// Whether `path` is a directory, of the operating system or of a mount.
pub fn is_directory(path: &[u8]) -> bool {
    #[cfg(mounts)]
    if let Some(place) = mounted(path) {
        return place
            .stat(true)
            .is_ok_and(|node| node.kind == Kind::Directory);
    }
    string::os_path(path).is_dir()
}

/// Looks `path` up, which may lie in a mount: Ruby's own functions find it there.
pub fn look(path: &[u8]) -> Look {
    #[cfg(mounts)]
    if let Some(place) = mounted(path) {
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

/// What there is under a path, as far as archives go.
pub enum What {
    /// A regular file. An adopted archive is one, too.
    File,
    /// Nothing, because a component of the path is a file. With the length of the path to that file, if known.
    BelowFile(Option<usize>),
    /// Something else.
    Other,
}

/// The length of the path of the archive that the file at `path` lies in, if it lies in one that is adopted.
pub fn archive_around(path: &[u8]) -> Option<usize> {
    #[cfg(mounts)]
    if let Some(place) = mounts::find_visible(path) {
        let inside = place.mount.over == Over::File && !place.sub.is_root();
        return inside.then_some(place.mount.root.len());
    }
    let _ = path;
    None
}

/// Looks whether `path`, absolute and clean, is a file or leads below one; `None` where there is nothing.
pub fn what(path: &[u8]) -> Option<What> {
    #[cfg(mounts)]
    if let Some(place) = mounts::find_visible(path) {
        // The file that a mount lies over is the archive, if anything is.
        if place.mount.over == Over::File {
            if place.sub.is_root() {
                return Some(What::File);
            }
            // Archives lie in archives.
            return Some(match place.stat(true) {
                Ok(node) if node.kind == Kind::File => What::File,
                Err(Errno(libc::ENOTDIR)) => What::BelowFile(None),
                _ => What::BelowFile(Some(place.mount.root.len())),
            });
        }
        match place.stat(true) {
            Ok(node) if node.kind == Kind::File => return Some(What::File),
            Ok(_) => return Some(What::Other),
            Err(Errno(libc::ENOTDIR)) => return Some(What::BelowFile(None)),
            Err(_) if place.mount.over == Over::Nothing => return None,
            Err(_) => {}
        }
    }
    match std::fs::metadata(string::os_path(path)) {
        Ok(found) if found.is_file() => Some(What::File),
        Ok(_) => Some(What::Other),
        Err(error) if error.kind() == ErrorKind::NotADirectory => Some(What::BelowFile(None)),
        Err(_) => None,
    }
}
