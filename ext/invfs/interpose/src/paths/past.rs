//! Looking past all mounts, at what the operating system has.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many threads do so.
static THREADS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// Whether the calling thread looks past mounts.
pub fn is_past() -> bool {
    THREADS.load(Ordering::Relaxed) != 0 && DEPTH.get() != 0
}

/// Runs `work` in which this thread's file operations see no mount: for what a mount may hide.
pub fn past_mounts<T>(work: impl FnOnce() -> T) -> T {
    struct Back;
    impl Drop for Back {
        fn drop(&mut self) {
            DEPTH.set(DEPTH.get() - 1);
            THREADS.fetch_sub(1, Ordering::Relaxed);
        }
    }
    THREADS.fetch_add(1, Ordering::Relaxed);
    DEPTH.set(DEPTH.get() + 1);
    let _back = Back;
    work()
}
