//! Answers "surely not one of ours" without a lock.

use std::sync::atomic::{AtomicU8, Ordering};

const GROUPS: usize = 1024;

/// For each group of numbers how many of them are in use. A counter that was ever full stays so.
pub struct Filter([AtomicU8; GROUPS]);

impl Filter {
    /// A filter that holds nothing.
    pub const fn new() -> Filter {
        Filter([const { AtomicU8::new(0) }; GROUPS])
    }

    // The remainder is in range.
    #[allow(clippy::indexing_slicing)]
    fn group(&self, key: usize) -> &AtomicU8 {
        // Addresses are aligned: their lowest bits tell nothing.
        let mixed = key ^ (key >> 4) ^ (key >> 14);
        &self.0[mixed % GROUPS]
    }

    /// Whether `key` may have been added.
    pub fn may_hold(&self, key: usize) -> bool {
        self.group(key).load(Ordering::Acquire) != 0
    }

    /// Adds a key that is not in yet.
    pub fn add(&self, key: usize) {
        self.update(key, |count| count.checked_add(1));
    }

    /// Takes a key out that was added.
    pub fn remove(&self, key: usize) {
        self.update(key, |count| match count {
            0 | u8::MAX => None,
            count => Some(count - 1),
        });
    }

    fn update(&self, key: usize, step: impl FnMut(u8) -> Option<u8>) {
        // Where there is no step, the counter is meant to stay as it is.
        let _ = self
            .group(key)
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, step);
    }
}
