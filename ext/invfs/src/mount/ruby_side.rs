//! `InVFS::RubyFileSystem`: the part of this folder that is written in Ruby.

use std::sync::atomic::{AtomicBool, Ordering};

use magnus::{prelude::*, Error, RModule, RString, Ruby, Value};

use crate::{helpers::module::invfs, require::own_files};

/// The module, loaded when the first file system written in Ruby is asked: by Ruby's own `require`, which nobody has
/// wrapped.
pub fn module(ruby: &Ruby) -> Result<RModule, Error> {
    let module = invfs(ruby)?;
    let announced: Option<RString> = module.funcall("autoload?", ("RubyFileSystem",))?;
    if let Some(file) = announced {
        own_files::require(ruby, file)?;
        // Only what Ruby loads because of the constant keeps its visibility.
        module.funcall::<_, _, Value>("private_constant", ("RubyFileSystem",))?;
    }
    module.const_get("RubyFileSystem")
}

/// Set when Ruby begins to free all objects, open files among them: no Ruby code may run any more.
static ENDED: AtomicBool = AtomicBool::new(false);

/// From now on no Ruby code may be called.
pub fn end() {
    ENDED.store(true, Ordering::Release);
}

/// Whether no Ruby code may be called any more.
pub fn is_ended() -> bool {
    ENDED.load(Ordering::Acquire)
}
