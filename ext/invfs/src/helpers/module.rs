//! The module `InVFS`.

use magnus::{prelude::*, Error, RModule, Ruby};

/// The module `InVFS`.
pub fn invfs(ruby: &Ruby) -> Result<RModule, Error> {
    ruby.class_object().const_get("InVFS")
}
