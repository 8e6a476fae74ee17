//! Putting the hooks in, once, and again for every object that is loaded later.

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::OnceLock;

use super::got::{Patched, Scanner};
use super::{copies, fork};

/// Why nothing can be mounted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsupported(pub String);

struct Once(UnsafeCell<Option<Scanner>>);
// SAFETY: only who has set BUSY looks inside.
unsafe impl Sync for Once {}

static SCANNER: Once = Once(UnsafeCell::new(None));
static BUSY: AtomicBool = AtomicBool::new(false);
static WANTED: AtomicBool = AtomicBool::new(false);
static INSTALLED: OnceLock<Result<Patched, Unsupported>> = OnceLock::new();

/// Puts the hooks in, where that was not done yet, and tells how many slots lead to them.
pub fn install() -> Result<Patched, Unsupported> {
    INSTALLED.get_or_init(try_install).clone()
}

fn try_install() -> Result<Patched, Unsupported> {
    if let Some(path) = copies::other() {
        return Err(Unsupported(format!(
            "another copy of invfs has mounts in this process: {path}"
        )));
    }
    fork::install().map_err(|error| Unsupported(format!("pthread_atfork failed: {error}")))?;
    let patched = scan();
    match (patched.slots, patched.refused) {
        (0, 0) => Err(Unsupported(
            "no loaded object calls the C library's file functions through a table: is Ruby linked statically?"
                .to_owned(),
        )),
        (_, 0) => {
            copies::announce();
            Ok(patched)
        }
        (_, refused) => Err(Unsupported(format!(
            "the system does not let {refused} of the loaded objects be changed (sealed memory?)"
        ))),
    }
}

/// Whether the hooks are in: nobody asked for them yet (`None`), or what came of it.
pub fn is_installed() -> Option<Result<Patched, Unsupported>> {
    INSTALLED.get().cloned()
}

/// A library was loaded where there is no hook: leads its calls to the hooks, too, if they are in use.
pub fn rescan() {
    if INSTALLED.get().is_some() {
        scan();
    }
}

/// Looks for objects that were loaded since the last time. While another thread is at it, that thread looks again.
pub fn scan() -> Patched {
    let mut patched = Patched::default();
    WANTED.store(true, Ordering::Release);
    while WANTED.load(Ordering::Acquire) && !BUSY.swap(true, Ordering::AcqRel) {
        WANTED.store(false, Ordering::Release);
        // SAFETY: BUSY was clear, and is ours now.
        let scanner = unsafe { &mut *SCANNER.0.get() };
        patched = scanner.get_or_insert_default().scan();
        BUSY.store(false, Ordering::Release);
    }
    patched
}

/// In a forked child: a scan that was under way in another thread will never end, and what it knew may be half done.
pub fn restart() {
    if BUSY.load(Ordering::Acquire) {
        // SAFETY: the child has one thread, and that one was not scanning when it forked. What was there is left alone.
        unsafe { std::ptr::write(SCANNER.0.get(), None) };
        BUSY.store(false, Ordering::Release);
    }
}
