//! Gets the `Vfs` behind a Ruby object.

use std::sync::Arc;

use invfs_engine::vfs::Vfs;
use magnus::{prelude::*, Error, RString, Ruby, Value};

use super::{native_vfs::NativeVfs, ruby_vfs::RubyVfs};
use crate::helpers::answers;

/// Whether `value` has the four methods of a VFS, `file?` taking one argument (a `Pathname` has them too,
/// with none: it is a path, not a VFS).
pub fn is_vfs(value: Value) -> bool {
    let methods = ["to_path", "file?", "size", "read"];
    RString::from_value(value).is_none()
        && methods.into_iter().all(|method| answers(value, method))
        && takes_one_argument(value, "file?")
}

fn takes_one_argument(value: Value, method: &str) -> bool {
    let arity = value
        .funcall::<_, _, Value>("method", (Ruby::get_with(value).to_symbol(method),))
        .and_then(|method| method.funcall::<_, _, i64>("arity", ()));
    // No Method object: it is answered by `method_missing`, which takes whatever comes.
    arity.map_or(true, |arity| arity == 1 || arity == -1 || arity == -2)
}

/// The VFS behind `value`: the native one if the object's class is exactly one of the gem, else an adapter that calls the
/// object's methods, so that a subclass or a singleton method can override `read`.
///
/// The result refers to `value` without keeping it alive: the caller must do that.
pub fn vfs_of(ruby: &Ruby, value: Value) -> Result<Arc<dyn Vfs>, Error> {
    match NativeVfs::of(value) {
        Some(native) if native.is_plain(ruby, value)? => Ok(native.vfs()),
        _ => Ok(Arc::new(RubyVfs::new(value)?)),
    }
}
