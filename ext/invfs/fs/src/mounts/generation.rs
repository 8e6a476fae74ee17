//! A number that tells whether the mount table is still the one that was looked at.

use std::sync::atomic::{AtomicU64, Ordering};

static GENERATION: AtomicU64 = AtomicU64::new(0);

/// A number that is another one whenever something was mounted, unmounted, shown or hidden.
pub fn generation() -> u64 {
    GENERATION.load(Ordering::Acquire)
}

/// Something was mounted, unmounted, shown or hidden.
pub(super) fn changed() {
    GENERATION.fetch_add(1, Ordering::AcqRel);
}
