//! Moves targets of `autoload` to their place in `$"`: behind the features that they required, as for files on disk.
//!
//! Any change of `$"` but an append makes Ruby rebuild its index, and 3.1 and 3.2 then ask the system for the real path of
//! every feature. So the moves are collected and made at once, when the outermost `require` ends.

use magnus::{Error, Ruby};
use parking_lot::Mutex;

use super::{
    features_index::{self, Move},
    load_lock,
};

/// In the order in which they were loaded.
static MOVES: Mutex<Vec<Move>> = Mutex::new(Vec::new());

/// Has the next [`settle`] move `path`, which was just loaded, behind the features that are in `$"` now.
pub fn later(path: &[u8]) {
    if let Some(behind) = features_index::last().filter(|last| last != path) {
        let path = path.to_vec();
        MOVES.lock().push(Move { path, behind });
    }
}

/// Makes the collected moves, unless a file is still being loaded.
pub fn settle(ruby: &Ruby) -> Result<(), Error> {
    if MOVES.lock().is_empty() || !load_lock::is_over() {
        return Ok(());
    }
    let moves = std::mem::take(&mut *MOVES.lock());
    features_index::reorder(ruby, &moves)
}
