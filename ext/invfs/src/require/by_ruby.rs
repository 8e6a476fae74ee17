//! Loads a file of a visible mount: gives its absolute path to Ruby's own `require` or `load`.

use std::collections::HashSet;

use invfs_fs::mounts;
use magnus::{value::ReprValue, Error, RString, Ruby, Value};
use parking_lot::Mutex;

use super::{found::Hit, load_iseq, originals};
use crate::helpers::string;

/// The files that Ruby is loading for us.
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
        // The C function cannot take a module.
        Some(wrap) if wrap.to_bool() => originals::load(ruby, rb_self, path, Some(wrap)),
        _ => originals::load_path(path),
    })
}

/// Whether Ruby finds this very file at its path: the mount is visible, and no other one covers it.
fn is_readable(hit: &Hit) -> bool {
    mounts::find_visible(&hit.path).is_some_and(|place| {
        place.mount.object == hit.mount.object && place.mount.root == hit.mount.root
    })
}

/// Has Ruby load the file with `load`. Ruby opens a file twice, and the first time only checks that it can be opened: that
/// is announced. If the file is being loaded already, nothing is announced: Ruby then skips the check, and may read the
/// file at its first opening, if the other loading has failed.
fn hand_over(
    ruby: &Ruby,
    hit: &Hit,
    load: impl FnOnce(RString) -> Result<Value, Error>,
) -> Option<Result<Value, Error>> {
    if !is_readable(hit) {
        return None;
    }
    if let Err(error) = load_iseq::define(ruby) {
        return Some(Err(error));
    }
    let path = string::path(ruby, &hit.path);
    let alone = UnderWay::enter(&hit.path);
    let _announced = match &alone {
        Some(_) if !hit.native => Some(invfs_interpose::Announced::new(&hit.path)),
        _ => None,
    };
    Some(load(path))
}

/// A file that Ruby is loading for us.
struct UnderWay(Vec<u8>);

impl UnderWay {
    /// `None` if it is being loaded already.
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
