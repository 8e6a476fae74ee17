//! `InVFS.register`: the handlers as Ruby code sees them.

use magnus::{function, prelude::*, Error, RArray, RModule, Ruby, Value};

use super::{handlers, load_path_changes::adopt_load_path};
use crate::helpers::{answers, ractor};

/// @def InVFS.register(handler)
/// Registers a handler, once: strings in `$:` that name a regular file are offered to it.
/// `probe(path)` tells whether the file is its business, `open(path)` gives the VFS. {InVFS::ZipFS} is one.
/// `InVFS.regist` is the same under its 0.3 name.
/// @param handler [#probe, #open]
/// @return [nil]
/// @raise [TypeError] when a method is missing
/// @example
///   InVFS.register(InVFS::ZipFS)
///   $: << "app.zip/lib"
fn register(ruby: &Ruby, handler: Value) -> Result<(), Error> {
    ractor::only_main(ruby, "InVFS.register")?;
    for method in ["probe", "open"] {
        if !answers(handler, method) {
            let message = format!(
                "a handler needs the methods probe(path) and open(path); {} has no {method}",
                handler.inspect()
            );
            return Err(Error::new(ruby.exception_type_error(), message));
        }
    }
    if handlers::add(handler) {
        // Strings that stand in `$:` may name archives now.
        adopt_load_path(ruby);
    }
    Ok(())
}

/// @def InVFS.handlers
/// The registered handlers, in the order in which they are asked.
/// @return [Array] a copy
fn list(ruby: &Ruby) -> RArray {
    handlers::list(ruby)
}

/// Defines the methods.
pub fn init(module: RModule) -> Result<(), Error> {
    module.define_singleton_method("register", function!(register, 1))?;
    module.define_singleton_method("regist", function!(register, 1))?;
    module.define_singleton_method("handlers", function!(list, 0))
}
