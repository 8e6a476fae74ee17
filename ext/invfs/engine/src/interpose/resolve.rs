//! What `realpath` finds inside a mount: the name of a place with all links followed.

use super::errno::{Answer, Errno};
use super::served::Node;
use crate::mounts::Place;
use crate::path::{components, Subpath, SubpathBuf, MAX_LINKS};
use crate::vfs::Kind;

/// The place that `place` leads to, links followed, at its end too, and what is there.
pub fn real(place: &Place) -> Answer<(Place, Node)> {
    let served = place.mount.served();
    let sub = match served.has_links() {
        true => follow(&place.sub, |link| served.read_link(link).ok())?,
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

/// The name of what `sub` leads to; `target` reads a link, and `ELOOP` is for too many of them. Where a link cannot be
/// followed, the name stays as it is from there on, and looking it up will tell.
pub fn follow(sub: &Subpath, target: impl Fn(&Subpath) -> Option<Vec<u8>>) -> Answer<SubpathBuf> {
    let mut at = SubpathBuf::default();
    let mut ahead = stack(sub.as_bytes());
    let mut links = 0;
    while let Some(component) = ahead.pop() {
        if component == b".." {
            at = at.parent().to_owned();
            continue;
        }
        let Some(name) = Subpath::new(&component) else {
            return Err(Errno(libc::ENOENT));
        };
        let next = at.join(name);
        match target(&next) {
            Some(target) if !target.starts_with(b"/") => {
                links += 1;
                if links > MAX_LINKS {
                    return Err(Errno(libc::ELOOP));
                }
                ahead.extend(stack(&target));
            }
            _ => at = next,
        }
    }
    Ok(at)
}

/// The components of a path that are still to be walked, the first one last.
pub fn stack(path: &[u8]) -> Vec<Vec<u8>> {
    components(path).map(<[u8]>::to_vec).rev().collect()
}
