//! A working directory inside a mount. The real one is parked in an empty directory meanwhile, so that a child
//! process never runs in the wrong place.

use std::sync::atomic::{AtomicBool, Ordering};

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

/// Whether the working directory may be a virtual one.
pub fn is_virtual() -> bool {
    VIRTUAL.load(Ordering::Acquire)
}

/// The virtual working directory, unless the process has left it where there is no hook.
pub fn current() -> Option<Place> {
    if !is_virtual() {
        return None;
    }
    let place = CWD.lock().clone()?;
    empty_dir::is_parked().then_some(place)
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
    // The child of a vfork stays in the empty directory: what it would note here, its parent would find.
    if fork::owns_memory() {
        *CWD.lock() = Some(real);
        VIRTUAL.store(true, Ordering::Release);
    }
    Ok(())
}

/// The working directory is a real one again.
pub fn left() {
    if is_virtual() && fork::owns_memory() {
        VIRTUAL.store(false, Ordering::Release);
        let place = CWD.lock().take();
        drop(place);
    }
}
