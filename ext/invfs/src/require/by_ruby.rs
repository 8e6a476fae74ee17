//! A file of a VFS that everything can read is loaded by Ruby's own `require` and `load`, which get its absolute path.

use std::collections::HashSet;

use invfs_engine::interpose;
use magnus::{value::ReprValue, Error, RString, Ruby, Value};
use parking_lot::Mutex;

use super::{adopted::Adopted, found::Hit, load_iseq, originals};
use crate::helpers::string;

/// The files that were handed to Ruby, and not loaded yet.
static UNDER_WAY: Mutex<Option<HashSet<Vec<u8>>>> = Mutex::new(None);

/// `require` of the file: what Ruby answers, or `None` where it cannot read the file.
pub fn require(ruby: &Ruby, rb_self: Value, hit: &Hit) -> Option<Result<Value, Error>> {
    hand_over(ruby, hit, |path| originals::require_path(rb_self, path))
}

/// `load` of the file, with `wrap` for its second argument; `None` where Ruby cannot read the file.
pub fn load(
    ruby: &Ruby,
    rb_self: Value,
    hit: &Hit,
    wrap: Option<Value>,
) -> Option<Result<Value, Error>> {
    hand_over(ruby, hit, |path| match wrap {
        // A module of the caller's is nothing that the C function takes.
        Some(wrap) if wrap.to_bool() => originals::load(ruby, rb_self, path, Some(wrap)),
        _ => originals::load_path(path),
    })
}

/// Has Ruby load the file with `load`. The first time that it opens the file, it only looks whether it may; unless it is
/// being loaded already: then it does not look, but may read it at once, when whoever loads it has failed.
fn hand_over(
    ruby: &Ruby,
    hit: &Hit,
    load: impl FnOnce(RString) -> Result<Value, Error>,
) -> Option<Result<Value, Error>> {
    if !hit.mount.is_readable_at(&hit.path) {
        return None;
    }
    if let Err(error) = load_iseq::define(ruby) {
        return Some(Err(error));
    }
    let path = string::path(ruby, &hit.path);
    let alone = UnderWay::enter(&hit.path);
    let _announced = match &alone {
        Some(_) if !hit.native => Some(interpose::Announced::new(&hit.path)),
        _ => None,
    };
    Some(load(path))
}

/// A file that is being handed over.
struct UnderWay(Vec<u8>);

impl UnderWay {
    /// `None` where it is under way already.
    fn enter(path: &[u8]) -> Option<UnderWay> {
        let mut under_way = UNDER_WAY.lock();
        let entered = under_way.get_or_insert_default().insert(path.to_vec());
        entered.then(|| UnderWay(path.to_vec()))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Some(under_way) = UNDER_WAY.lock().as_mut() {
            under_way.remove(&self.0);
        }
    }
}
