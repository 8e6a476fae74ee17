//! Following symbolic links inside a tree of names.

use crate::path::{components, Subpath, SubpathBuf, MAX_LINKS};

/// Why links lead nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// There are more links than the system follows ([`MAX_LINKS`]): they lead round in circles.
    Loop,
    /// A name on the way is none that a file can have.
    NoName,
}

/// The name of what `sub` leads to; `target` reads a link. Where a link cannot be followed, the name stays as it is
/// from there on, and looking it up will tell.
pub fn follow(
    sub: &Subpath,
    target: impl Fn(&Subpath) -> Option<Vec<u8>>,
) -> Result<SubpathBuf, Failure> {
    let mut at = SubpathBuf::default();
    let mut ahead = stack(sub.as_bytes());
    let mut links = 0;
    while let Some(component) = ahead.pop() {
        if component == b".." {
            at = at.parent().to_owned();
            continue;
        }
        let Some(name) = Subpath::new(&component) else {
            return Err(Failure::NoName);
        };
        let next = at.join(name);
        match target(&next) {
            Some(target) if !target.starts_with(b"/") => {
                links += 1;
                if links > MAX_LINKS {
                    return Err(Failure::Loop);
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
