//! What `realpath` finds inside a mount: the name of a place with all links followed.

use crate::file_system::Node;
use crate::mounts::{self, Place};
use crate::sys::errno::{Answer, Errno};
use invfs_engine::symlinks;
use invfs_engine::vfs::Kind;

/// The place that `place` leads to, links followed, at its end too, and what is there.
pub fn real(place: &Place) -> Answer<(Place, Node)> {
    let file_system = place.mount.file_system();
    let sub = match file_system.has_links() {
        true => symlinks::follow(&place.sub, |link| file_system.read_link(link).ok())?,
        false => place.sub.clone(),
    };
    let real = Place {
        mount: place.mount.clone(),
        sub,
    };
    let node = real.stat(true)?;
    Ok((real, node))
}

/// The absolute path of the directory that `place` leads to; `ENOTDIR` where that is none.
pub fn directory(place: &Place) -> Answer<Vec<u8>> {
    let (real, node) = real(place)?;
    match node.kind {
        Kind::Directory => Ok(real.path()),
        _ => Err(Errno(libc::ENOTDIR)),
    }
}

/// What `realpath` answers for an absolute, clean path that exists in a mount; `None` for all others.
pub fn real_path(path: &[u8]) -> Option<Vec<u8>> {
    let (real, _) = real(&mounts::find_visible(path)?).ok()?;
    Some(real.path())
}
