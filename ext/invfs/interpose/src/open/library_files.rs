//! What a shared object in a mount consists of: its contents, and the libraries of the mount that it needs.

use invfs_engine::libraries;
use invfs_engine::path::SubpathBuf;
use invfs_engine::vfs::Kind;
use invfs_fs::file_system::{OpenHow, Opened};
use invfs_fs::mounts::Place;
use invfs_fs::sys::errno::Answer;
use invfs_fs::sys::memfd;

/// The libraries that the shared object at `place` needs and that lie in its mount.
pub fn libraries_of(place: &Place, contents: &[u8]) -> Vec<Place> {
    let find = |places: Vec<SubpathBuf>| {
        let beside = |sub| Place {
            mount: place.mount.clone(),
            sub,
        };
        places.into_iter().map(beside).find(is_file)
    };
    let libraries = libraries::places(&place.sub, contents).into_iter();
    libraries.filter_map(find).collect()
}

/// Whether there is a file.
pub fn is_file(place: &Place) -> bool {
    place.stat(true).is_ok_and(|node| node.kind == Kind::File)
}

/// What the file at `place` holds.
pub fn contents(place: &Place) -> Answer<Vec<u8>> {
    let how = OpenHow {
        flags: libc::O_RDONLY,
        mode: 0,
    };
    match place.mount.file_system().open(&place.sub, how)? {
        Opened::Shared(_) | Opened::Parts(_) => place.mount.file_system().read(&place.sub),
        Opened::Contents(contents, _) => Ok(contents),
        Opened::Real(file) => memfd::read_all(file),
        Opened::Buffered(file, _) => file.contents(),
    }
}
