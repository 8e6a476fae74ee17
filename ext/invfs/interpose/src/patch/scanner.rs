//! Leads the calls of loaded objects to the hooks: once, and again for every object that is loaded later.

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::OnceLock;

use crate::patch::got::{Hook, Patched, Scanner};

struct Once(UnsafeCell<Option<Scanner>>);
// SAFETY: only the thread that has set BUSY looks inside; `restart` speaks of forked children.
unsafe impl Sync for Once {}

static SCANNER: Once = Once(UnsafeCell::new(None));
static BUSY: AtomicBool = AtomicBool::new(false);
static WANTED: AtomicBool = AtomicBool::new(false);
/// The functions with hooks; none before they are put in.
static HOOKS: OnceLock<&'static [&'static [Hook]]> = OnceLock::new();
invfs_fs::in_forked_child!(restart);

/// Leads the calls of all objects that are loaded to these hooks, and those of later ones at each [`scan`].
pub fn install(hooks: &'static [&'static [Hook]]) -> Patched {
    // There is one table.
    let _ = HOOKS.set(hooks);
    scan()
}

/// Looks for objects that were loaded since the last time. While another thread is at it, that thread looks again.
pub fn scan() -> Patched {
    let mut patched = Patched::default();
    let Some(hooks) = HOOKS.get() else {
        return patched;
    };
    WANTED.store(true, Ordering::Release);
    while WANTED.load(Ordering::Acquire) && !BUSY.swap(true, Ordering::AcqRel) {
        WANTED.store(false, Ordering::Release);
        // SAFETY: BUSY was clear, and is ours now.
        let scanner = unsafe { &mut *SCANNER.0.get() };
        patched = scanner.get_or_insert_default().scan(hooks);
        BUSY.store(false, Ordering::Release);
    }
    patched
}

/// In a forked child: a scan that was under way in another thread will never end, and what it knew may be half done.
fn restart() {
    if BUSY.load(Ordering::Acquire) {
        // SAFETY: the child has one thread, and that one was not scanning when it forked. What was there is left alone.
        unsafe { std::ptr::write(SCANNER.0.get(), None) };
        BUSY.store(false, Ordering::Release);
    }
}
