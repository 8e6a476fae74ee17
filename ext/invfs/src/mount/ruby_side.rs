//! `InVFS::RubyFileSystem`: the part of mounting that is written in Ruby (`lib/invfs/ruby_file_system.rb`).

use std::sync::atomic::{AtomicBool, Ordering};

use magnus::{Error, RModule, Ruby};

use crate::{helpers::module::invfs, require::own_files};

/// The module.
pub fn module(ruby: &Ruby) -> Result<RModule, Error> {
    own_files::module(ruby, invfs(ruby)?, "RubyFileSystem")
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
