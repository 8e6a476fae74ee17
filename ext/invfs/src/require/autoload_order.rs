//! Puts targets of `autoload` in their place in `$"`: behind what they required, as if they had been loaded from disk.
//!
//! Whatever is not an append makes Ruby build its index of `$"` anew, and 3.1 and 3.2 then ask the system for the real
//! path of every feature. So everything that one outermost `require` moves is moved at once, when it ends.

use magnus::{Error, Ruby};
use parking_lot::Mutex;

use super::{
    features_index::{self, Move},
    load_lock,
};

/// In the order in which they were loaded.
static MOVES: Mutex<Vec<Move>> = Mutex::new(Vec::new());

/// Moves `path`, which has been loaded just now, behind all that `$"` holds now, at the next [`settle`].
pub fn later(path: &[u8]) {
    if let Some(behind) = features_index::last().filter(|last| last != path) {
        let path = path.to_vec();
        MOVES.lock().push(Move { path, behind });
    }
}

/// Moves what is to be moved, unless something is still being loaded.
pub fn settle(ruby: &Ruby) -> Result<(), Error> {
    if MOVES.lock().is_empty() || !load_lock::is_over() {
        return Ok(());
    }
    let moves = std::mem::take(&mut *MOVES.lock());
    features_index::reorder(ruby, &moves)
}
