//! Adopts each new element of `$:` at once, so that its files can be read before anything is required.

use magnus::{method, prelude::*, rb_sys::AsRawValue, Error, RArray, RString, Ruby, Value};

use super::{adopted, archive_paths, handlers, load_path, real_files, visibility};
use crate::{
    helpers::{ractor, string},
    ruby_api::vfs_value::is_vfs,
};

/// Adopts everything in `$:`. Never raises: the search that reaches a broken entry reports it.
pub fn adopt_load_path(ruby: &Ruby) {
    if !ractor::is_main() || visibility::hindrance().is_some() {
        return;
    }
    if let Some(entries) = load_path::array() {
        adopt_all(ruby, entries);
    }
}

/// Walks along a copy, because adopting runs Ruby code, which may change the Array.
fn adopt_all(ruby: &Ruby, entries: RArray) {
    let copy = entries.dup();
    for at in 0..copy.len() {
        if let Ok(entry) = copy.entry::<Value>(at as isize) {
            // Never raises, see above.
            let _ = adopt(ruby, entry);
        }
    }
}

fn adopt(ruby: &Ruby, entry: Value) -> Result<(), Error> {
    if is_vfs(entry) {
        adopted::adopt(ruby, entry)?;
    } else if handlers::any() && (RString::from_value(entry).is_some() || is_path(entry)?) {
        let path = string::path_argument(entry)?;
        // The common case: a directory needs no handler.
        if real_files::is_directory(&string::bytes(path)) {
            return Ok(());
        }
        let path = string::expand(path)?;
        archive_paths::place(ruby, &string::real_or_same(path))?;
    }
    Ok(())
}

/// Whether it is a path but not a String, for example a Pathname.
fn is_path(entry: Value) -> Result<bool, Error> {
    Ok(entry.respond_to("to_path", false)? || entry.respond_to("to_str", false)?)
}

/// Whether this Array is `$:` itself and not a copy, and its elements are to be adopted.
fn concerns(rb_self: Value) -> bool {
    ractor::is_main()
        && visibility::hindrance().is_none()
        && load_path::array().is_some_and(|array| array.as_raw() == rb_self.as_raw())
}

/// `<<`, `push`, `unshift`, `insert`: what is among the arguments comes in.
fn with_arguments(ruby: &Ruby, rb_self: Value, arguments: &[Value]) -> Result<Value, Error> {
    let result = ruby.call_super(arguments)?;
    if concerns(rb_self) {
        adopt_all(ruby, ruby.ary_new_from_values(arguments));
    }
    Ok(result)
}

/// `replace`, `concat`, `map!` and the like: anything may have come in.
fn with_anything(ruby: &Ruby, rb_self: Value, arguments: &[Value]) -> Result<Value, Error> {
    let result = ruby.call_super(arguments)?;
    if concerns(rb_self) {
        adopt_load_path(ruby);
    }
    Ok(result)
}

/// Puts methods in front of those of Array, for `$:` alone.
pub fn init(load_path: RArray) -> Result<(), Error> {
    for name in ["<<", "push", "append", "unshift", "prepend", "insert"] {
        load_path.define_singleton_method(name, method!(with_arguments, -1))?;
    }
    for name in [
        "replace", "concat", "[]=", "fill", "map!", "collect!", "flatten!",
    ] {
        load_path.define_singleton_method(name, method!(with_anything, -1))?;
    }
    Ok(())
}
