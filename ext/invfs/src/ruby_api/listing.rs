//! Makes directory listings from a flat list of names.

use invfs_engine::path::Subpath;
use invfs_engine::vfs::Kind;

/// The files and directories directly inside the directory `sub`, sorted. `names` are all files of the VFS; names that
/// are not clean subpaths are left out. `None` if `sub` is not a directory.
pub fn children(names: Vec<Vec<u8>>, sub: &Subpath) -> Option<Vec<(Vec<u8>, Kind)>> {
    let mut found = Vec::new();
    for name in &names {
        let rest = match sub.is_root() {
            true => Some(name.as_slice()),
            false => name
                .strip_prefix(sub.as_bytes())
                .and_then(|rest| rest.strip_prefix(b"/")),
        };
        let Some(rest) = rest.and_then(Subpath::new).filter(|rest| !rest.is_root()) else {
            continue;
        };
        let mut components = rest.as_bytes().splitn(2, |b| *b == b'/');
        let name = components.next().unwrap_or_default().to_vec();
        match components.next() {
            Some(_) => found.push((name, Kind::Directory)),
            None => found.push((name, Kind::File)),
        }
    }
    found.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    found.dedup_by(|a, b| a.0 == b.0);
    (sub.is_root() || !found.is_empty()).then_some(found)
}
