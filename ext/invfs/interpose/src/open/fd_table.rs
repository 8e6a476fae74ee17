//! What descriptors of the process stand for.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::os::fd::RawFd;
use std::sync::Arc;

use crate::open::filter::Filter;
use invfs_fs::buffered::Buffered;
use invfs_fs::mounts::Place;
use invfs_fs::sys::errno::Answer;
use invfs_fs::sys::fork::{self, ForkMutex};

/// What a descriptor stands for; a duplicate stands for the same.
#[derive(Clone)]
pub enum Description {
    /// A directory of a mount. The descriptor is one of the empty directory.
    Directory(Place),
    /// A file that is handed to its file system when the last descriptor is closed. Each entry of the table counts there.
    Written(Arc<Buffered>),
}

static TABLE: ForkMutex<BTreeMap<RawFd, Description>> = ForkMutex::new(BTreeMap::new());
invfs_fs::survives_fork!(TABLE, Outer);
invfs_fs::in_forked_child!(disown);

static KNOWN: Filter = Filter::new();

/// Whether the table may have the descriptor.
pub fn may_have(fd: RawFd) -> bool {
    fd >= 0 && KNOWN.may_hold(fd as usize)
}

/// Notes what an open descriptor stands for. In the child of a `vfork`, which has descriptors of its own and its parent's
/// memory, nothing is noted.
pub fn insert(fd: RawFd, description: Description) {
    if !fork::owns_memory() {
        return;
    }
    let old = TABLE.lock().insert(fd, description);
    match old {
        None => KNOWN.add(fd as usize),
        // Closed where there is no hook, and nobody asks how that went.
        Some(Description::Written(file)) => {
            let _ = file.release();
        }
        Some(Description::Directory(_)) => {}
    }
}

/// What the descriptor stood for when it was last seen.
pub fn get(fd: RawFd) -> Option<Description> {
    match may_have(fd) {
        true => TABLE.lock().get(&fd).cloned(),
        false => None,
    }
}

/// The directories of mounts that are open.
pub fn directories() -> Vec<(RawFd, Place)> {
    let table = TABLE.lock();
    let directory = |(fd, description): (&RawFd, &Description)| match description {
        Description::Directory(place) => Some((*fd, place.clone())),
        Description::Written(_) => None,
    };
    table.iter().filter_map(directory).collect()
}

/// The directory that the descriptor stands for has another name now.
pub fn move_directory(fd: RawFd, to: Place) {
    if let Some(Description::Directory(place)) = TABLE.lock().get_mut(&fd) {
        *place = to;
    }
}

/// Forgets the descriptor.
pub fn remove(fd: RawFd) -> Option<Description> {
    if !may_have(fd) || !fork::owns_memory() {
        return None;
    }
    let description = TABLE.lock().remove(&fd)?;
    KNOWN.remove(fd as usize);
    Some(description)
}

/// `copy` is a duplicate of `fd` now.
pub fn duplicated(fd: RawFd, copy: RawFd) {
    if let Some(description) = get(fd) {
        if !fork::owns_memory() {
            return;
        }
        if let Description::Written(file) = &description {
            file.retain();
        }
        insert(copy, description);
    }
}

/// Written files whose descriptors are about to be closed.
#[must_use]
pub struct Closing(Vec<Arc<Buffered>>);

impl Closing {
    /// The descriptors are closed, or another file's: hands the contents over of each file that has none any more. The first
    /// error is the answer.
    pub fn closed(self) -> Answer<()> {
        let mut answer = Ok(());
        for file in &self.0 {
            answer = answer.and(file.release());
        }
        answer
    }
}

/// The descriptor is about to be closed, whatever becomes of its contents.
pub fn closing(fd: RawFd) -> Closing {
    match remove(fd) {
        Some(Description::Written(file)) => Closing(vec![file]),
        _ => Closing(Vec::new()),
    }
}

/// All descriptors of a range are about to be closed.
pub fn closing_all(range: RangeInclusive<u32>) -> Closing {
    let known: Vec<RawFd> = TABLE.lock().keys().copied().collect();
    let known = known.into_iter().filter(|fd| range.contains(&(*fd as u32)));
    Closing(known.flat_map(|fd| closing(fd).0).collect())
}

/// Hands over what a written file holds so far.
pub fn hand_over(fd: RawFd) -> Answer<()> {
    match get(fd) {
        Some(Description::Written(file)) if fork::owns_memory() => file.hand_over(),
        _ => Ok(()),
    }
}

/// In a forked child: written files belong to the parent, which will hand them over.
fn disown() {
    TABLE.lock().retain(|fd, description| match description {
        Description::Directory(_) => true,
        Description::Written(file) => {
            KNOWN.remove(*fd as usize);
            // Dropping the last one could call into whatever the parent's threads were doing.
            std::mem::forget(file.clone());
            false
        }
    });
}
