//! Following the symbolic links that an archive stores, always inside the archive.

use super::index::Index;
use super::numbered::Numbered;
use crate::error::Result;
use crate::symlinks::{Step, Walk};

/// The longest target, as `PATH_MAX` has it.
pub(super) const MAX_TARGET: u64 = 4096;

/// Where a name leads, links followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Destination {
    /// To the file with this number.
    File(u32),
    /// To the directory with this number.
    Directory(u32),
    /// To the root directory.
    Root,
    /// To nothing.
    Nothing,
    /// To the refused entry with this number.
    Refused(u32),
    /// Round and round.
    Loop,
    /// To somewhere outside the archive.
    Outside,
}

/// Follows `name`; `target` reads the target of the link with a number.
pub(super) fn follow(
    index: &Index,
    name: &[u8],
    target: impl Fn(u32) -> Result<Vec<u8>>,
) -> Result<Destination> {
    if name.is_empty() {
        return Ok(Destination::Root);
    }
    match index.find(name) {
        Some(Numbered::Directory(number)) => return Ok(Destination::Directory(number)),
        Some(Numbered::File(number)) if !index.is_symlink(number) => {
            return Ok(Destination::File(number))
        }
        None if !index.has_symlinks() => return Ok(absent(index, name)),
        // A link, or perhaps a name with a link on the way to it.
        _ => {}
    }
    let mut place = Destination::Root;
    // The name of `place`.
    let mut at: Vec<u8> = Vec::new();
    let mut walk = Walk::new(name);
    while let Some(step) = walk.next() {
        if step == Step::Here {
            continue;
        }
        if matches!(place, Destination::File(_)) {
            return Ok(Destination::Nothing);
        }
        let parent = at.len();
        let Step::Name(component) = step else {
            if at.is_empty() {
                return Ok(Destination::Outside);
            }
            let slash = at.iter().rposition(|b| *b == b'/').unwrap_or(0);
            at.truncate(slash);
            place = directory(index, &at);
            continue;
        };
        if parent > 0 {
            at.push(b'/');
        }
        at.extend_from_slice(&component);
        place = match index.find(&at) {
            Some(Numbered::Directory(number)) => Destination::Directory(number),
            Some(Numbered::File(number)) if !index.is_symlink(number) => Destination::File(number),
            Some(Numbered::File(number)) => {
                let target = target(number)?;
                match target.first() {
                    Some(b'/') => return Ok(Destination::Outside),
                    Some(_) if walk.follow(&target).is_err() => return Ok(Destination::Loop),
                    Some(_) => {}
                    None => return Ok(Destination::Nothing),
                }
                at.truncate(parent);
                directory(index, &at)
            }
            None if walk.is_at_end() => return Ok(absent(index, &at)),
            None => return Ok(Destination::Nothing),
        };
    }
    Ok(place)
}

/// What is at a name that the index does not have.
fn absent(index: &Index, name: &[u8]) -> Destination {
    let refused = index.refused().find(name);
    refused.map_or(Destination::Nothing, Destination::Refused)
}

/// The directory with a name that is known to be one.
fn directory(index: &Index, name: &[u8]) -> Destination {
    match index.find(name) {
        Some(Numbered::Directory(number)) => Destination::Directory(number),
        _ => Destination::Root,
    }
}
