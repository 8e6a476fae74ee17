//! What a shared object in a mount consists of: its contents, and the libraries of the mount that it needs.

use std::sync::OnceLock;

use invfs_engine::libraries;
use invfs_engine::path::{Subpath, SubpathBuf};
use invfs_engine::vfs::Kind;
use invfs_fs::file_system;
use invfs_fs::mounts::{self, Place};
use invfs_fs::sys::errno::Answer;

/// The directory of a mount where libraries are that many shared objects need.
static SHARED: OnceLock<Vec<u8>> = OnceLock::new();

/// From now on, libraries are also looked for in `directory`, the absolute path of one in a mount, before the places where
/// the system has them: those that a shared object of a mount needs, and those that a program asks for by a bare name.
/// There is one such directory: the first stays.
pub fn search_libraries_in(directory: Vec<u8>) {
    let _ = SHARED.set(directory);
}

/// The library with this name, without a slash, in the directory for many.
pub fn shared(name: &[u8]) -> Option<Place> {
    let mut found = mounts::find_visible(SHARED.get()?)?;
    found.sub = found.sub.join(Subpath::new(name)?);
    is_file(&found).then_some(found)
}

/// The libraries that the shared object at `place` needs and that lie in its mount, or in the directory for many.
pub fn libraries_of(place: &Place, contents: &[u8]) -> Vec<Place> {
    let find = |places: Vec<SubpathBuf>| {
        let beside = |sub| Place {
            mount: place.mount.clone(),
            sub,
        };
        let name = places.first().map(|sub| sub.file_name().to_vec());
        let found = places.into_iter().map(beside).find(is_file);
        found.or_else(|| shared(&name?))
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
    file_system::contents(place.mount.file_system(), &place.sub)
}
