//! Where there are no mounts, Ruby cannot read what a VFS holds: the loader of invfs loads it.

use magnus::{Error, Ruby, Value};

use super::found::Hit;

/// `require` of the file by Ruby itself: cannot be.
pub fn require(_: &Ruby, _: Value, _: &Hit) -> Option<Result<Value, Error>> {
    None
}

/// `load` of the file by Ruby itself: cannot be.
pub fn load(_: &Ruby, _: Value, _: &Hit, _: Option<Value>) -> Option<Result<Value, Error>> {
    None
}
