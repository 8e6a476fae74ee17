//! `InVFS::RubyFileSystem`: the part of mounting that is written in Ruby (`lib/invfs/ruby_file_system.rb`).

use std::sync::atomic::{AtomicBool, Ordering};

use magnus::{prelude::*, Error, RModule, RString, Ruby, Value};

use crate::{helpers::module::invfs, require::own_files};

/// The module. The first use loads it with Ruby's own `require`, past all wrappers.
pub fn module(ruby: &Ruby) -> Result<RModule, Error> {
    let module = invfs(ruby)?;
    let announced: Option<RString> = module.funcall("autoload?", ("RubyFileSystem",))?;
    if let Some(file) = announced {
        own_files::require(ruby, file)?;
        // An autoload by Ruby would have kept the constant private.
        module.funcall::<_, _, Value>("private_constant", ("RubyFileSystem",))?;
    }
    module.const_get("RubyFileSystem")
}

/// Set when Ruby begins to free all objects, open files included: from then on no Ruby code may run.
static ENDED: AtomicBool = AtomicBool::new(false);

/// From now on no Ruby code may be called.
pub fn end() {
    ENDED.store(true, Ordering::Release);
}

/// Whether no Ruby code may be called any more.
pub fn is_ended() -> bool {
    ENDED.load(Ordering::Acquire)
}
