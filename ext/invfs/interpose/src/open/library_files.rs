//! What a shared object in a mount consists of: its contents, and the libraries of the mount that it needs.

use invfs_engine::elf;
use invfs_engine::path::SubpathBuf;
use invfs_engine::vfs::Kind;
use invfs_fs::file_system::{Node, OpenHow, Opened};
use invfs_fs::mounts::Place;
use invfs_fs::sys::errno::Answer;
use invfs_fs::sys::memfd;

/// The libraries that the shared object at `place` needs and that lie in its mount: beside it, or where it says from there
/// on (`$ORIGIN/../lib`).
pub fn libraries_of(place: &Place, contents: &[u8]) -> Vec<Place> {
    let mut directories = vec![Vec::new()];
    directories.extend(elf::origins(contents));
    let find = |name: &Vec<u8>| {
        directories.iter().find_map(|directory| {
            let path = [place.sub.parent().as_bytes(), directory, name].join(&b'/');
            let start = path.iter().position(|b| *b != b'/')?;
            let found = Place {
                mount: place.mount.clone(),
                sub: SubpathBuf::clean(path.get(start..)?)?,
            };
            let is_file = |node: Node| node.kind == Kind::File;
            found.stat(true).is_ok_and(is_file).then_some(found)
        })
    };
    let names = elf::needed(contents).unwrap_or_default();
    names.iter().filter_map(find).collect()
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
