//! The hash of bytes, for tables that find their entries by parts of a longer text.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::RandomState;

/// The hash of `bytes`, whatever they are a part of.
pub fn hash(hasher: &RandomState, bytes: &[u8]) -> u64 {
    let mut hasher = hasher.build_hasher();
    hasher.write(bytes);
    hasher.finish()
}
