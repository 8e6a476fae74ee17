//! Hashes: of bytes, for tables that find their entries by parts of a longer text, and of what has one in every process.

use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::fast::{FixedState, RandomState};

/// The hash of `bytes`, whatever they are a part of.
pub fn hash(hasher: &RandomState, bytes: &[u8]) -> u64 {
    let mut hasher = hasher.build_hasher();
    hasher.write(bytes);
    hasher.finish()
}

/// The hash that `value` has in every process with this version of invfs.
///
/// ```
/// use invfs_engine::hash::same_everywhere;
/// assert_eq!(same_everywhere((1, "a")), same_everywhere((1, "a")));
/// assert_ne!(same_everywhere((1, "a")), same_everywhere((2, "a")));
/// ```
pub fn same_everywhere(value: impl Hash) -> u64 {
    FixedState::with_seed(0).hash_one(value)
}
