//! A working directory inside a mount. The real one is parked in an empty directory meanwhile, so that a child
//! process never runs in the wrong place.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::{test_kill_process, Pid};

use crate::open::empty_dir;
use invfs_engine::vfs::Kind;
use invfs_fs::mounts::real;
use invfs_fs::mounts::Place;
use invfs_fs::sys::errno::{Answer, Errno};
use invfs_fs::sys::fork::{self, ForkMutex};

/// The virtual working directory.
static CWD: ForkMutex<Option<Place>> = ForkMutex::new(None);
invfs_fs::survives_fork!(CWD, Outer);

static VIRTUAL: AtomicBool = AtomicBool::new(false);

/// The virtual working directories of children of `vfork` that have started no program as yet, by process.
static OF_CHILDREN: ForkMutex<BTreeMap<u32, Place>> = ForkMutex::new(BTreeMap::new());
invfs_fs::survives_fork!(OF_CHILDREN, Outer);

/// Whether there is one of those.
static CHILDREN: AtomicBool = AtomicBool::new(false);

/// Whether the working directory may be a virtual one.
pub fn is_virtual() -> bool {
    VIRTUAL.load(Ordering::Acquire) || CHILDREN.load(Ordering::Acquire)
}

/// The virtual working directory, unless the process has left it where there is no hook.
pub fn current() -> Option<Place> {
    if !is_virtual() {
        return None;
    }
    let place = own().or_else(place)?;
    empty_dir::is_parked().then_some(place)
}

/// The directory that the child of a `vfork` has entered.
fn own() -> Option<Place> {
    if !CHILDREN.load(Ordering::Acquire) || fork::owns_memory() {
        return None;
    }
    OF_CHILDREN.lock().get(&std::process::id()).cloned()
}

/// Notes what directory the child of a `vfork` has entered, in the memory of its parent.
fn set_own(place: Option<Place>) {
    let mut all = OF_CHILDREN.lock();
    // A child that failed to start its program is gone without a word.
    let lives =
        |id: &u32| Pid::from_raw(*id as i32).is_some_and(|id| test_kill_process(id).is_ok());
    all.retain(|id, _| *id != std::process::id() && lives(id));
    if let Some(place) = place {
        all.insert(std::process::id(), place);
    }
    CHILDREN.store(!all.is_empty(), Ordering::Release);
}

/// Takes the virtual working directory for a program that is about to start.
pub fn handed_on() -> Option<Place> {
    let place = current();
    if !fork::owns_memory() {
        set_own(None);
    }
    place
}

/// The virtual working directory, as it was when the process entered it.
pub fn place() -> Option<Place> {
    CWD.lock().clone()
}

/// The working directory has another name now.
pub fn move_to(place: Place) {
    if let Some(here) = &mut *CWD.lock() {
        *here = place;
    }
}

/// Makes `place` the working directory.
pub fn enter(place: &Place) -> Answer<()> {
    let (real, node) = real::real(place)?;
    if node.kind != Kind::Directory {
        return Err(Errno(libc::ENOTDIR));
    }
    empty_dir::park()?;
    match fork::owns_memory() {
        true => {
            *CWD.lock() = Some(real);
            VIRTUAL.store(true, Ordering::Release);
        }
        // What it would note above, its parent would find.
        false => set_own(Some(real)),
    }
    Ok(())
}

/// The working directory is a real one again.
pub fn left() {
    if !is_virtual() {
        return;
    }
    if !fork::owns_memory() {
        set_own(None);
    } else if VIRTUAL.load(Ordering::Acquire) {
        VIRTUAL.store(false, Ordering::Release);
        let place = CWD.lock().take();
        drop(place);
    }
}
