//! Real symbolic links that lead into a mount: the system finds nothing at their end, and is followed up here.
//!
//! That costs a few calls for each real path that does not exist. So what was found to lead nowhere is remembered for a
//! tenth of a second, or until this process makes or moves a link.

use std::cell::RefCell;
use std::ffi::{c_int, CString, OsStr};
use std::hash::{BuildHasher, Hasher};
use std::os::unix::ffi::OsStrExt;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::paths::past;
use crate::paths::route;
use crate::paths::route::{PathTarget, Route, Wants};
use crate::paths::text::Text;
use invfs_engine::symlinks::{Step, Walk};
use invfs_fs::mounts;
use invfs_fs::mounts::Table;
use invfs_fs::sys::clock;
use invfs_fs::sys::errno::Errno;
use invfs_fs::sys::memfd::ProcPath;

const KNOWN: usize = 256;
const LASTING: u64 = 100_000_000;

/// Counts the links that this process makes or moves, and how often it changes its working directory.
static CHANGES: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// Hashes of paths that lead nowhere or to real things, each with the time until which that is believed.
    static PLAIN: RefCell<[(u64, u64); KNOWN]> = const { RefCell::new([(0, 0); KNOWN]) };
}

/// A link was made or moved, or relative paths begin elsewhere now.
pub fn changed() {
    CHANGES.fetch_add(1, Ordering::Relaxed);
}

/// Where a path leads that the system found nothing under, if there is a link to a mount on its way. `errno` stays as it
/// is.
pub fn followed(fd: c_int, path: Text<'_>, wants: Wants) -> Option<Route> {
    let errno = Errno::last();
    let target = match errno.0 {
        _ if past::is_past() => None,
        libc::ENOENT | libc::ENOTDIR => match path.to_bytes() {
            Some(path) if fd == libc::AT_FDCWD || path.starts_with(b"/") => follow(path),
            Some(path) => below(fd, path),
            None => None,
        },
        _ => None,
    };
    errno.set();
    Some(match target? {
        Route::Virtual(target) => route::settle(target, wants),
        route => route,
    })
}

/// A path that begins at an open directory.
fn below(fd: c_int, path: &[u8]) -> Option<Route> {
    let table = mounts::current();
    let directory = real_target(ProcPath::new(fd).as_bytes()).filter(|path| path.starts_with(b"/"));
    walk(table.as_ref()?, &[&directory?, &b"/"[..], path].concat())
}

fn follow(path: &[u8]) -> Option<Route> {
    let table = mounts::current();
    let table = table.as_ref()?;
    if let Some(place) = table.way(path) {
        return Some(Route::Virtual(PathTarget::new(place)));
    }
    if path.is_empty() || is_plain(path) {
        return None;
    }
    let slash = path.iter().rposition(|b| *b == b'/');
    let directory = path.get(..slash.unwrap_or(0)).unwrap_or_default();
    let found = match is_plain(directory) {
        true => match real_target(path) {
            Some(_) => walk(table, path),
            None => None,
        },
        false => {
            let found = walk(table, path);
            if found.is_none() && walk(table, directory).is_none() {
                believe(directory);
            }
            found
        }
    };
    if found.is_none() {
        believe(path);
    }
    found
}

/// Follows all links of a path until it enters a mount.
fn walk(table: &Table, path: &[u8]) -> Option<Route> {
    let mut at: Vec<u8> = Vec::new();
    if !path.starts_with(b"/") {
        at = std::env::current_dir()
            .ok()?
            .into_os_string()
            .into_encoded_bytes();
        if at == b"/" {
            at.clear();
        }
    }
    let mut steps = Walk::new(path);
    while let Some(step) = steps.next() {
        let component = match step {
            Step::Here => continue,
            Step::Up => {
                let real = std::fs::metadata(real_or_root(&at));
                if !real.is_ok_and(|found| found.is_dir()) && table.way(&at).is_none() {
                    return None;
                }
                let slash = at.iter().rposition(|b| *b == b'/');
                at.truncate(slash.unwrap_or(0));
                continue;
            }
            Step::Name(name) => name,
        };
        let before = at.len();
        at.push(b'/');
        at.extend_from_slice(&component);
        if table.find_visible(&at).is_some() {
            if !steps.has_followed() && path.starts_with(b"/") {
                // Routed already, and found not to be the mount's.
                return None;
            }
            for step in steps {
                match step {
                    Step::Here => {}
                    Step::Up => at.extend_from_slice(b"/.."),
                    Step::Name(name) => at.extend_from_slice(&[b"/", &name[..]].concat()),
                }
            }
            if path.ends_with(b"/") || path.ends_with(b"/.") {
                at.push(b'/');
            }
            return match route::absolute(table, &at) {
                Route::Real => CString::new(at).ok().map(Route::Elsewhere),
                route => Some(route),
            };
        }
        if let Some(target) = real_target(&at) {
            steps.follow(&target).ok()?;
            at.truncate(before);
            if target.starts_with(b"/") {
                at.clear();
            }
        }
    }
    None
}

fn real_or_root(path: &[u8]) -> &OsStr {
    OsStr::from_bytes(if path.is_empty() { b"/" } else { path })
}

/// The target of a real link.
fn real_target(path: &[u8]) -> Option<Vec<u8>> {
    let target = std::fs::read_link(OsStr::from_bytes(path)).ok()?;
    Some(target.into_os_string().into_encoded_bytes())
}

fn hash(path: &[u8]) -> u64 {
    let seed = CHANGES.load(Ordering::Relaxed) ^ mounts::generation().rotate_left(32);
    let mut hasher = foldhash::fast::FixedState::with_seed(seed).build_hasher();
    hasher.write(path);
    hasher.finish() | 1
}

fn now() -> u64 {
    clock::nanoseconds(libc::CLOCK_MONOTONIC_COARSE)
}

fn is_plain(path: &[u8]) -> bool {
    let hash = hash(path);
    PLAIN.with_borrow(|known| {
        known
            .get(hash as usize % KNOWN)
            .is_some_and(|(known, until)| *known == hash && now() < *until)
    })
}

fn believe(path: &[u8]) {
    let hash = hash(path);
    PLAIN.with_borrow_mut(|known| {
        if let Some(place) = known.get_mut(hash as usize % KNOWN) {
            *place = (hash, now() + LASTING);
        }
    });
}
