//! `load`: runs a file each time, at top level or wrapped in a module.

use magnus::{prelude::*, Error, RModule, RString, Ruby, Value};

use super::{found::Hit, originals, run};
use crate::helpers::module::invfs;

/// Runs the file; `wrap` is the second argument of `Kernel#load`.
pub fn load(ruby: &Ruby, rb_self: Value, hit: &Hit, wrap: Option<Value>) -> Result<(), Error> {
    match wrap.filter(|wrap| wrap.to_bool()) {
        None => run::source(ruby, hit),
        Some(wrap) => wrapped(ruby, rb_self, hit, wrap),
    }
}

/// Only Ruby's own `load` can run code inside a wrapping module, and it wants a file: so it loads a file of
/// ours, and `InVFS::LoadWrapped` gives it the compiled code of `hit` instead.
fn wrapped(ruby: &Ruby, rb_self: Value, hit: &Hit, wrap: Value) -> Result<(), Error> {
    let compiled = run::compile(ruby, hit)?;
    let path: RString = helper(ruby)?.funcall("prepare", (compiled,))?;
    originals::load(ruby, rb_self, path, Some(wrap))?;
    Ok(())
}

/// `InVFS::LoadWrapped`, loaded when it is first needed.
pub fn helper(ruby: &Ruby) -> Result<RModule, Error> {
    invfs(ruby)?.const_get("LoadWrapped")
}
