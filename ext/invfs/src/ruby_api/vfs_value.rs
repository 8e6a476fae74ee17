//! From a Ruby object to the `Vfs` behind it.

use std::sync::Arc;

use invfs_engine::vfs::Vfs;
use magnus::{
    prelude::*, rb_sys::AsRawValue, typed_data::Obj, Error, RArray, RClass, RString, Ruby,
    TryConvert, TypedData, Value,
};

use super::{
    ruby_vfs::RubyVfs, string_map_fs::StringMapFS, sub_fs::SubFS, union_fs::UnionFS, zip_fs::ZipFS,
};

use crate::helpers::{answers, module::invfs};

/// A class of this library whose objects hold a native VFS.
pub trait NativeVfs {
    /// The file system.
    fn vfs(&self) -> Arc<dyn Vfs>;
    /// What `to_path` answers, in bytes.
    fn to_path(&self) -> &[u8];
}

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

/// The native VFS inside `value` and its `to_path`, if it is one of ours or of a subclass.
pub fn native(value: Value) -> Option<Native> {
    with_native(value, |native| Native {
        vfs: native.vfs(),
        to_path: native.to_path().to_vec(),
    })
}

/// The native VFS inside `value` without its path. Valid only as long as `value` is alive.
pub fn native_vfs(value: Value) -> Option<Arc<dyn Vfs>> {
    with_native(value, |native| native.vfs())
}

fn with_native<R>(value: Value, take: impl Fn(&dyn NativeVfs) -> R) -> Option<R> {
    fn as_native<T, R>(value: Value, take: &impl Fn(&dyn NativeVfs) -> R) -> Option<R>
    where
        T: NativeVfs + magnus::TypedData,
    {
        Some(take(&*typed::<T>(value)?))
    }
    as_native::<ZipFS, R>(value, &take)
        .or_else(|| as_native::<StringMapFS, R>(value, &take))
        .or_else(|| as_native::<UnionFS, R>(value, &take))
        .or_else(|| as_native::<SubFS, R>(value, &take))
}

/// The object of ours inside `value`; without the exceptions that converting something else would raise and drop.
pub fn typed<T: TypedData>(value: Value) -> Option<Obj<T>> {
    // SAFETY: only looks at the object's type tag.
    let data =
        unsafe { rb_sys::macros::RB_TYPE_P(value.as_raw(), rb_sys::ruby_value_type::RUBY_T_DATA) };
    let is_one = data && value.is_kind_of(T::class(&Ruby::get_with(value)));
    is_one.then(|| Obj::try_convert(value).ok()).flatten()
}

/// A native VFS and its `to_path`.
pub struct Native {
    /// The file system. Valid only as long as the Ruby object that it was taken from is alive.
    pub vfs: Arc<dyn Vfs>,
    /// What `to_path` answers.
    pub to_path: Vec<u8>,
}

/// The VFS that `value` stands for: the native one where the object's class is exactly one of ours, else
/// an adapter that calls the object's methods (so a subclass or a singleton method that overrides
/// `read` is obeyed).
///
/// The result refers to `value` without keeping it alive: the caller marks or holds `value`.
pub fn vfs_of(ruby: &Ruby, value: Value) -> Result<Arc<dyn Vfs>, Error> {
    let plain = exact_class(ruby, value)?;
    match native(value) {
        Some(native) if plain => Ok(native.vfs),
        _ => Ok(Arc::new(RubyVfs::new(value)?)),
    }
}

/// Whether the object's class is one that this library defines, and nothing was added to the object itself.
fn exact_class(ruby: &Ruby, value: Value) -> Result<bool, Error> {
    let module = invfs(ruby)?;
    for name in ["ZipFS", "StringMapFS", "UnionFS", "SubFS"] {
        if value.class().equal(module.const_get::<_, RClass>(name)?)? {
            let own: RArray = value.funcall("singleton_methods", ())?;
            return Ok(own.is_empty());
        }
    }
    Ok(false)
}
