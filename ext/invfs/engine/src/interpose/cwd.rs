//! A working directory inside a mount. The real one is parked in an empty directory meanwhile, so that a child
//! process never runs in the wrong place.

use std::sync::atomic::{AtomicBool, Ordering};

use super::errno::{Answer, Errno};
use super::state::STATE;
use super::{directories, fork, resolve};
use crate::mounts::Place;
use crate::vfs::Kind;

/// The virtual working directory.
pub type Parked = Place;

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
    let place = STATE.lock().cwd.clone()?;
    directories::is_parked().then_some(place)
}

/// Makes `place` the working directory.
pub fn enter(place: &Place) -> Answer<()> {
    let (real, node) = resolve::real(place)?;
    if node.kind != Kind::Directory {
        return Err(Errno(libc::ENOTDIR));
    }
    directories::park()?;
    // The child of a vfork stays in the empty directory: what it would note here, its parent would find.
    if fork::owns_memory() {
        STATE.lock().cwd = Some(real);
        VIRTUAL.store(true, Ordering::Release);
    }
    Ok(())
}

/// The working directory is a real one again.
pub fn left() {
    if is_virtual() && fork::owns_memory() {
        VIRTUAL.store(false, Ordering::Release);
        let place = STATE.lock().cwd.take();
        drop(place);
    }
}
