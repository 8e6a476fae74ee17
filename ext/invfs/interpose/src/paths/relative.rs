//! Relative paths that begin in a real directory and lead into a mount below it.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::Arc;

use arc_swap::ArcSwapOption;

use invfs_fs::mounts;
use invfs_fs::mounts::{Over, Table};
use invfs_fs::sys::fork;

/// The working directory, and which relative paths may lead from it into a mount.
struct Around {
    /// The mounts and the working directory for which this holds.
    generation: (u64, u64),
    here: Vec<u8>,
    /// First components that lead towards a mount.
    names: Vec<Box<[u8]>>,
    /// Whether any name may lead into a mount: one that lies over this very directory, or one above it.
    all: bool,
}

static AROUND: ArcSwapOption<Around> = ArcSwapOption::const_empty();
/// Counts how often this process changed its working directory.
static MOVES: AtomicU64 = AtomicU64::new(0);
/// The child of a `vfork` that changed its own, in the memory of its parent; 0 for none.
static MOVED_CHILD: AtomicU32 = AtomicU32::new(0);

/// The working directory is another one now.
pub fn moved() {
    if fork::owns_memory() {
        MOVES.fetch_add(1, Ordering::AcqRel);
    } else {
        MOVED_CHILD.store(std::process::id(), Ordering::Release);
    }
}

fn is_moved_child() -> bool {
    let child = MOVED_CHILD.load(Ordering::Acquire);
    if child == 0 {
        return false;
    }
    if child == std::process::id() {
        return true;
    }
    // Its parent goes on only when the child is a program of its own.
    MOVED_CHILD.store(0, Ordering::Release);
    false
}

/// The absolute path, if the relative one may lead into a mount although the working directory is a real one.
pub fn inward(table: &Table, path: &[u8]) -> Option<Vec<u8>> {
    let mut names = path.split(|b| *b == b'/');
    let first = names.find(|name| !name.is_empty() && *name != b".");
    let generation = (mounts::generation(), MOVES.load(Ordering::Acquire));
    let around = AROUND.load();
    let around = match &*around {
        Some(known) if known.generation == generation => known.clone(),
        _ => look_around(table, generation)?,
    };
    let leads = match first {
        Some(b"..") => table.find_visible(&climbed(&around.here, path)).is_some(),
        Some(name) => around.all || around.names.iter().any(|known| **known == *name),
        // The directory itself.
        None => around.all,
    };
    if !leads || is_moved_child() {
        return None;
    }
    Some([&around.here[..], b"/", path].concat())
}

fn look_around(table: &Table, generation: (u64, u64)) -> Option<Arc<Around>> {
    let here = std::env::current_dir().ok()?;
    let mut here = here.into_os_string().into_encoded_bytes();
    if here == b"/" {
        here.clear();
    }
    let below = |root: &[u8]| -> Option<Box<[u8]>> {
        let rest = root.strip_prefix(here.as_slice())?.strip_prefix(b"/")?;
        let name = rest.split(|b| *b == b'/').next()?;
        (!name.is_empty()).then(|| name.into())
    };
    let at = if here.is_empty() { b"/" } else { &here[..] };
    let around = Arc::new(Around {
        generation,
        names: table.visible_roots().filter_map(below).collect(),
        all: table
            .find_visible(at)
            .is_some_and(|place| place.mount.over == Over::Directory),
        here,
    });
    if fork::owns_memory() {
        AROUND.store(Some(around.clone()));
    }
    Some(around)
}

/// Where a path that begins with `..` leads by its letters.
fn climbed(here: &[u8], path: &[u8]) -> Vec<u8> {
    let mut at = Vec::with_capacity(here.len() + path.len() + 1);
    at.extend_from_slice(here);
    for name in path.split(|b| *b == b'/') {
        match name {
            b"" | b"." => {}
            b".." => {
                let slash = at.iter().rposition(|b| *b == b'/').unwrap_or(0);
                at.truncate(slash);
            }
            name => {
                at.push(b'/');
                at.extend_from_slice(name);
            }
        }
    }
    if at.is_empty() {
        at.push(b'/');
    }
    at
}
