//! Whether the file that a mount shows is still the one that was opened.
//!
//! A file operation that leads into an archive must not see the old one when another took its place. Asking the system at
//! every operation would be exact and cost as much as the operation. So it is asked once a millisecond; and at every
//! operation that follows a change of names by this process, or once this process has opened the archive for writing.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::OnceLock;

use crate::paths::lookup;
use invfs_engine::archive::Identity;
use invfs_fs::mounts;
use invfs_fs::mounts::{Mount, Place, Watch};
use invfs_fs::sys::fork;
use invfs_fs::sys::fork::ForkMutex;
use invfs_fs::sys::{clock, memfd};

/// For how many nanoseconds an answer of the system is believed.
const LASTING: u64 = 1_000_000;

/// When this process last changed names.
static CHANGED: AtomicU64 = AtomicU64::new(0);
/// Archives that this process has opened for writing: device and inode.
static WRITTEN: ForkMutex<Vec<(u64, u64)>> = ForkMutex::new(Vec::new());
invfs_fs::survives_fork!(WRITTEN, Outer);
static ANY_WRITTEN: AtomicBool = AtomicBool::new(false);

static REOPEN: OnceLock<fn(&[u8])> = OnceLock::new();

/// Who opens the archive at a root anew, and mounts it there, when another file has taken its place. Called in any thread.
pub fn reopen_with(reopen: fn(&[u8])) {
    // The first one stays.
    let _ = REOPEN.set(reopen);
}

/// The file at a path as far as it can be told from others.
pub trait Watched: Sized {
    /// The identity of the regular file at `path`, which may lie in a mount; `None` where there is none.
    fn at(path: &[u8]) -> Option<Self>;

    /// The identity of what `stat` or `fstat` described.
    fn from_stat(found: &libc::stat) -> Self;
}

impl Watched for Identity {
    fn at(path: &[u8]) -> Option<Identity> {
        let found = lookup::stat(path).ok()?;
        (found.st_mode & libc::S_IFMT == libc::S_IFREG).then(|| Identity::from_stat(&found))
    }

    fn from_stat(found: &libc::stat) -> Identity {
        let mtime = (found.st_mtime, found.st_mtime_nsec);
        Identity::new(found.st_dev, found.st_ino, found.st_size as u64, mtime)
    }
}

/// The place as it is now: in the archive that is there now; `None` where there is none any more.
pub fn now(place: &Place) -> Option<Place> {
    if is_current(&place.mount) {
        return Some(place.clone());
    }
    // The child of a vfork runs in its parent's memory: nothing may be opened there.
    if !fork::owns_memory() {
        return Some(place.clone());
    }
    if let Some(reopen) = REOPEN.get() {
        reopen(&place.mount.root);
    }
    let table = mounts::current();
    let now = table.as_ref()?.find_visible(&place.path())?;
    (now.mount.root == place.mount.root && is_current(&now.mount)).then_some(now)
}

/// Whether the file that the mount shows is still the one that was opened; true for mounts that show none.
pub fn is_current(mount: &Mount) -> bool {
    let Some(watch) = &mount.watch else {
        return true;
    };
    let time = time();
    if is_fresh(watch, time) {
        return true;
    }
    let same = Identity::at(&mount.root).as_ref() == Some(&watch.identity);
    watch
        .checked
        .store(if same { time } else { 0 }, Ordering::Relaxed);
    same
}

fn is_fresh(watch: &Watch, now: u64) -> bool {
    let checked = watch.checked.load(Ordering::Relaxed);
    checked > CHANGED.load(Ordering::Acquire)
        && now.saturating_sub(checked) < LASTING
        && !is_written(&watch.identity)
}

fn is_written(identity: &Identity) -> bool {
    ANY_WRITTEN.load(Ordering::Acquire) && WRITTEN.lock().contains(&(identity.dev, identity.ino))
}

fn time() -> u64 {
    clock::nanoseconds(libc::CLOCK_MONOTONIC)
}

/// This process has changed names.
pub fn changed() {
    CHANGED.store(time(), Ordering::Release);
}

/// This process has opened a real file for writing.
pub fn opened_for_writing(fd: i32) {
    let watched = |mount: &std::sync::Arc<Mount>| mount.watch.as_ref().map(|watch| watch.identity);
    let table = mounts::current();
    let mut archives = table
        .iter()
        .flat_map(|table| table.iter().filter_map(watched))
        .peekable();
    if archives.peek().is_none() {
        return;
    }
    let Ok(found) = memfd::metadata(fd) else {
        return;
    };
    let key = (found.st_dev, found.st_ino);
    if archives.any(|known| (known.dev, known.ino) == key) {
        let mut written = WRITTEN.lock();
        if !written.contains(&key) {
            written.push(key);
        }
        ANY_WRITTEN.store(true, Ordering::Release);
    }
}
